#pragma once

#include <cstdint>
#include <exception>

#include "engine/cancellation.h"
#include "video/common/libav.h"
#include "video/container/source.h"

namespace tubelet::video {

/// Lets libav read a Source. An exception must not cross libav's C frames: what a read throws (cancellation included)
/// is kept, libav is told to stop, and rethrow() throws it outside.
class SourceIo {
 public:
  /// `source` and `token` must outlive this.
  SourceIo(Source& source, const CancelToken& token);
  SourceIo(const SourceIo&) = delete;
  SourceIo& operator=(const SourceIo&) = delete;

  AVIOContext* context() const { return context_.get(); }
  /// For libav's loops that do not read, such as the search for a stream's parameters.
  AVIOInterruptCB interrupt() { return {interrupted, this}; }
  /// Call after every libav function that may read.
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static int read(void* self, std::uint8_t* to, int count);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);
  static int interrupted(void* self);
  bool stopped();

  Source& source_;
  const CancelToken& token_;
  std::int64_t position_ = 0;
  std::exception_ptr thrown_;
  IoContextPtr context_;
};

}  // namespace tubelet::video
