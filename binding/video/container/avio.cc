#include "video/container/avio.h"

#include <cstdio>
#include <new>

namespace tubelet::video {
namespace {

constexpr int kBufferBytes = 64 << 10;

}  // namespace

SourceIo::SourceIo(Source& source, const CancelToken& token) : source_(source), token_(token) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (!buffer) throw std::bad_alloc();
  context_.reset(avio_alloc_context(buffer, kBufferBytes, 0, this, read, nullptr, seek));
  if (!context_) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

bool SourceIo::stopped() {
  try {
    token_.check();
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
  }
  return thrown_ != nullptr;
}

int SourceIo::interrupted(void* self) {
  return static_cast<SourceIo*>(self)->stopped() ? 1 : 0;
}

int SourceIo::read(void* self, std::uint8_t* to, int count) {
  auto& io = *static_cast<SourceIo*>(self);
  if (io.stopped()) return AVERROR_EXIT;
  try {
    const std::size_t got = io.source_.read(io.position_, to, static_cast<std::size_t>(count));
    io.position_ += static_cast<std::int64_t>(got);
    return got == 0 ? AVERROR_EOF : static_cast<int>(got);
  } catch (...) {
    io.thrown_ = std::current_exception();
    return AVERROR_EXIT;
  }
}

std::int64_t SourceIo::seek(void* self, std::int64_t offset, int whence) {
  auto& io = *static_cast<SourceIo*>(self);
  std::int64_t base = 0;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return io.source_.size();
    case SEEK_SET:
      break;
    case SEEK_CUR:
      base = io.position_;
      break;
    case SEEK_END:
      base = io.source_.size();
      break;
    default:
      return AVERROR(EINVAL);
  }
  std::int64_t target = 0;
  if (__builtin_add_overflow(base, offset, &target) || target < 0) return AVERROR(EINVAL);
  return io.position_ = target;
}

}  // namespace tubelet::video
