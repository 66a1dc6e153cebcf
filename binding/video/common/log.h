#pragma once

#include <string>

namespace tubelet::video {

/// Sends what libav logs in this process into a short ring per thread instead of stderr. Idempotent and thread-safe;
/// every reader calls it first.
void captureLog();

/// Forgets what was logged on this thread, so that an error cannot be blamed on an earlier file.
void clearLog();

/// The last lines that libav logged on this thread, joined by "; ". All decoding runs on the reader's own thread, so
/// these lines are about the reader's own file.
std::string recentLog();

/// libav's words for an error code followed by recentLog(): the `reason` of an Error.
std::string reason(int averror);

}  // namespace tubelet::video
