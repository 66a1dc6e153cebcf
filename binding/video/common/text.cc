#include "video/common/text.h"

#include <array>
#include <cstdio>

namespace tubelet::video {

std::string secondsText(double seconds) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.3f s", seconds);
  return text.data();
}

}  // namespace tubelet::video
