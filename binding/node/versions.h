#pragma once

#include <string>

namespace tubelet::node {

/// What this process actually runs on, which need not be what it was compiled with.
struct Versions {
  std::string torch;        ///< "2.13.0"
  std::string libavformat;  ///< "59.27.100"
  std::string libavcodec;
  std::string cpu;  ///< the processor's name; "unknown" where the system does not say
};

Versions versions();

}  // namespace tubelet::node
