#pragma once

#include <stdexcept>
#include <string>

namespace tubelet {

/// What went wrong, as the string a JavaScript caller sees in `error.code`.
enum class ErrorCode {
  InvalidArgument,
  FileNotFound,
  ReadFailed,
  NotAVideo,
  UnsupportedVideo,
  NoVideoStream,
  CorruptVideo,
  TruncatedVideo,
  LimitExceeded,
  Timeout,
  ModelInvalid,
  CheckpointMismatch,
  UntrustedModel,
  DeviceUnavailable,
  OutOfMemory,
  Busy,
  Disposed,
  WriteFailed,
  Internal,
};

/// "FILE_NOT_FOUND" for ErrorCode::FileNotFound, and so on.
const char* codeName(ErrorCode code);

/// The one exception type that video/, model/ and engine/ throw on purpose. Its message says what was tried, what was
/// found and what to do next. `reason` carries the underlying library's own words (libav's or LibTorch's), if any: they
/// become the `cause` in JavaScript.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string reason = {})
      : std::runtime_error(message), code_(code), reason_(std::move(reason)) {}

  ErrorCode code() const { return code_; }
  const std::string& reason() const { return reason_; }

 private:
  ErrorCode code_;
  std::string reason_;
};

}  // namespace tubelet
