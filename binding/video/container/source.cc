#include "video/container/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/error.h"

namespace tubelet::video {
namespace {

std::string systemText(int error) {
  return std::generic_category().message(error);
}

std::string kindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a regular file";
}

void checkSize(const Source& source, std::int64_t limitBytes) {
  if (source.size() == 0) throw Error(ErrorCode::NotAVideo, source.name() + " is empty.");
  if (source.size() > limitBytes) {
    throw Error(ErrorCode::LimitExceeded, source.name() + " has " + std::to_string(source.size()) +
                                              " bytes; the limit is " + std::to_string(limitBytes) +
                                              ". Raise the limit `bytes` to read it.");
  }
}

}  // namespace

FileSource::FileSource(const std::string& path, std::int64_t limitBytes, std::string name)
    : name_(name.empty() ? "'" + path + "'" : std::move(name)) {
  open(path);
  try {
    inspect(limitBytes);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

FileSource::~FileSource() {
  ::close(descriptor_);
}

void FileSource::open(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    throw Error(ErrorCode::InvalidArgument, "A path must not be empty nor hold a NUL character: " + name_);
  }
  // O_NONBLOCK: opening a FIFO without a writer would wait; a regular file does not care.
  do {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ >= 0) return;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) {
    throw Error(ErrorCode::FileNotFound, "There is no file " + name_ + ". Check the path and the working directory.",
                systemText(error));
  }
  throw Error(ErrorCode::ReadFailed, "Cannot open " + name_ + ": " + systemText(error) + ".", systemText(error));
}

void FileSource::inspect(std::int64_t limitBytes) {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) {
    throw Error(ErrorCode::ReadFailed, "Cannot read the size of " + name_ + ".", systemText(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::ReadFailed, name_ + " is " + kindOf(status.st_mode) + ". Give a regular file.");
  }
  size_ = status.st_size;
  checkSize(*this, limitBytes);
}

std::size_t FileSource::read(std::int64_t offset, std::uint8_t* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(descriptor_, to + done, count - done, offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::ReadFailed, "Cannot read " + name_ + ".", systemText(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  const std::int64_t end = offset + static_cast<std::int64_t>(done);
  if (done < count && end < size_) {
    throw Error(ErrorCode::ReadFailed, name_ + " became shorter while it was read.");
  }
  return done;
}

MemorySource::MemorySource(std::span<const std::uint8_t> bytes, std::int64_t limitBytes, std::string name)
    : bytes_(bytes), name_(std::move(name)) {
  checkSize(*this, limitBytes);
}

std::size_t MemorySource::read(std::int64_t offset, std::uint8_t* to, std::size_t count) {
  const std::int64_t left = std::max<std::int64_t>(size() - offset, 0);
  const std::size_t done = std::min(count, static_cast<std::size_t>(left));
  if (done > 0) std::copy_n(bytes_.data() + offset, done, to);
  return done;
}

}  // namespace tubelet::video
