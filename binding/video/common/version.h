#pragma once

#include <string>

namespace tubelet::video {

/// Versions of the libav libraries in this process, such as "59.27.100": not the versions it was compiled against.
struct LibavVersions {
  std::string format;
  std::string codec;
};

LibavVersions libavVersions();

}  // namespace tubelet::video
