#include "video/selection/header_check.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "video/common/text.h"

namespace tubelet::video {
namespace {

/// Only of containers that give each stream a duration of its own. That of a whole file is the longest stream's, and
/// libav estimates the others.
std::optional<double> ownDuration(const Demuxer& demuxer) {
  const AVStream& stream = demuxer.stream();
  if (av_match_list(demuxer.format().iformat->name, "mov,avi", ',') == 0) return std::nullopt;
  if (stream.duration == AV_NOPTS_VALUE || stream.duration <= 0) return std::nullopt;
  return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
}

}  // namespace

std::vector<std::string> videoWarnings(const Demuxer& demuxer, const Timeline& timeline) {
  if (!demuxer.warnings().empty()) return demuxer.warnings();
  if (!timeline.whole) return {};
  const std::optional<double> said = ownDuration(demuxer);
  const double found = timeline.end(timeline.frames.size() - 1);
  constexpr double kSeconds = 1;
  constexpr double kPart = 0.1;
  if (!said || std::abs(*said - found) <= std::max(kSeconds, kPart * found)) return {};
  return {"The header says that the video lasts " + secondsText(*said) + "; its frames last " + secondsText(found) +
          "."};
}

}  // namespace tubelet::video
