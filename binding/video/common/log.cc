#include "video/common/log.h"

#include <array>
#include <cstdarg>
#include <deque>
#include <mutex>
#include <string_view>

#include "video/common/libav.h"

namespace tubelet::video {
namespace {

constexpr std::size_t kLines = 4;
constexpr std::size_t kLineLength = 256;

thread_local std::deque<std::string> ring;

void append(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  std::array<char, kLineLength> line{};
  int printPrefix = 1;
  av_log_format_line2(context, level, format, arguments, line.data(), static_cast<int>(line.size()), &printPrefix);
  std::string_view text(line.data());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.empty() || (!ring.empty() && ring.back() == text)) return;
  ring.emplace_back(text);
  if (ring.size() > kLines) ring.pop_front();
}

}  // namespace

void captureLog() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(append); });
}

void clearLog() {
  ring.clear();
}

std::string recentLog() {
  std::string joined;
  for (const std::string& line : ring) {
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  return joined;
}

std::string reason(int averror) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(averror, text.data(), text.size());
  const std::string log = recentLog();
  return log.empty() ? text.data() : text.data() + (": " + log);
}

}  // namespace tubelet::video
