#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "video_fixtures.h"

namespace tubelet::video::test {

/// What the process holds on to.
struct Holdings {
  std::size_t heapBytes = 0;  ///< allocated and not freed; 0 under AddressSanitizer, which reports leaks itself
  int descriptors = 0;
  int threads = 0;

  static Holdings now();
};

/// The most memory that the process has ever had resident.
std::int64_t peakBytes();

/// How a call ended.
struct Outcome {
  std::string code;  ///< of the Error, "none" for a result; anything that is not typed begins with "untyped"
  std::string message;
  double seconds = 0;
};

/// Reads frames with a time limit. Nothing that is thrown gets out.
Outcome tryRead(const std::string& path, const Sampling& sampling, ReadOptions::OnCorrupt onCorrupt);
Outcome tryProbe(const std::string& path);

/// The time limit of each call.
constexpr int kLimitSeconds = 10;

}  // namespace tubelet::video::test
