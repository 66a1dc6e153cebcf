#pragma once

#include <string>

namespace tubelet::video {

/// A time as messages show it, e.g. "1.240 s".
std::string secondsText(double seconds);

}  // namespace tubelet::video
