#include "model/weights/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>
#include <utility>

#include "engine/error.h"

namespace tubelet::model {

namespace {

Error writeFailed(const std::string& path, int number) {
  const std::string reason = std::generic_category().message(number);
  return {ErrorCode::WriteFailed,
          "Cannot write " + path + ": " + reason + ". Nothing of it is kept. Make room there, or name another folder.",
          reason};
}

Error exists(const std::string& path) {
  return {ErrorCode::WriteFailed,
          path + " is there already. Name another file, or say that it may be replaced (overwrite: true, or --force)."};
}

/// Beside the file, so that it can be renamed, and unique.
std::string temporaryName(const std::string& path) {
  std::random_device random;
  return path + "." + std::to_string(random()) + ".incomplete";
}

}  // namespace

OutputFile::OutputFile(std::string path, bool overwrite)
    : path_(std::move(path)), temporary_(temporaryName(path_)), overwrite_(overwrite) {
  struct stat status {};
  if (!overwrite_ && ::lstat(path_.c_str(), &status) == 0) throw exists(path_);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw writeFailed(path_, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(const void* data, std::size_t bytes) noexcept {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0 && failure_ == 0) {
    const ssize_t count = ::write(descriptor_, from, bytes);
    if (count < 0) {
      if (errno != EINTR) failure_ = errno;
      continue;
    }
    from += count;
    bytes -= static_cast<std::size_t>(count);
    bytes_ += static_cast<std::uint64_t>(count);
  }
}

std::uint64_t OutputFile::commit() {
  if (failure_ == 0 && ::fsync(descriptor_) != 0) failure_ = errno;
  // A network's file system may report only now that there is no room.
  if (::close(std::exchange(descriptor_, -1)) != 0 && failure_ == 0) failure_ = errno;
  if (failure_ != 0) throw writeFailed(path_, failure_);
  takeName();
  return bytes_;
}

void OutputFile::takeName() {
  // A link fails where a name is taken, also one that was taken a moment ago; then both names lead to the file.
  if (!overwrite_ && ::link(temporary_.c_str(), path_.c_str()) == 0) return;
  if (!overwrite_ && errno == EEXIST) throw exists(path_);
  // Also on a file system that has no links.
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) throw writeFailed(path_, errno);
  temporary_.clear();
}

}  // namespace tubelet::model
