#include "engine/error.h"

namespace tubelet {

const char* codeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::FileNotFound:
      return "FILE_NOT_FOUND";
    case ErrorCode::ReadFailed:
      return "READ_FAILED";
    case ErrorCode::NotAVideo:
      return "NOT_A_VIDEO";
    case ErrorCode::UnsupportedVideo:
      return "UNSUPPORTED_VIDEO";
    case ErrorCode::NoVideoStream:
      return "NO_VIDEO_STREAM";
    case ErrorCode::CorruptVideo:
      return "CORRUPT_VIDEO";
    case ErrorCode::TruncatedVideo:
      return "TRUNCATED_VIDEO";
    case ErrorCode::LimitExceeded:
      return "LIMIT_EXCEEDED";
    case ErrorCode::Timeout:
      return "TIMEOUT";
    case ErrorCode::ModelInvalid:
      return "MODEL_INVALID";
    case ErrorCode::CheckpointMismatch:
      return "CHECKPOINT_MISMATCH";
    case ErrorCode::UntrustedModel:
      return "UNTRUSTED_MODEL";
    case ErrorCode::DeviceUnavailable:
      return "DEVICE_UNAVAILABLE";
    case ErrorCode::OutOfMemory:
      return "OUT_OF_MEMORY";
    case ErrorCode::Busy:
      return "BUSY";
    case ErrorCode::Disposed:
      return "DISPOSED";
    case ErrorCode::WriteFailed:
      return "WRITE_FAILED";
    case ErrorCode::Internal:
      return "INTERNAL";
  }
  return "INTERNAL";  // a value outside the enumeration: the compiler cannot rule it out
}

}  // namespace tubelet
