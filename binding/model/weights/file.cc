#include "model/weights/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace tubelet::model {

namespace {

std::string identityOf(const struct stat& status) {
  const std::int64_t modified = status.st_mtim.tv_sec * 1'000 + status.st_mtim.tv_nsec / 1'000'000;  // milliseconds
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" + std::to_string(status.st_size) +
         ":" + std::to_string(modified);
}

std::string systemReason(int number) {
  return std::generic_category().message(number);
}

}  // namespace

Error changedFile(const std::string& path) {
  return {ErrorCode::ReadFailed, path + " changed while it was read: try again."};
}

Error invalidFile(const std::string& path, const std::string& what, const std::string& reason) {
  return {ErrorCode::ModelInvalid, path + ": " + what, reason};
}

// O_NONBLOCK: opening a FIFO must not wait for a writer. It changes nothing for regular files.
File::File(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) {
    const int number = errno;
    const bool missing = number == ENOENT || number == ENOTDIR;
    throw Error(missing ? ErrorCode::FileNotFound : ErrorCode::ReadFailed,
                path_ + ": cannot open the file: " + systemReason(number) + ".", systemReason(number));
  }
  struct stat status {};
  const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    ::close(descriptor_);
    throw invalidFile(path_, "not a regular file. Give the file itself.");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  identity_ = identityOf(status);
}

File::~File() {
  ::close(descriptor_);
}

void File::read(std::uint64_t offset, void* into, std::size_t bytes) const {
  auto* target = static_cast<char*>(into);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = ::pread(descriptor_, target + done, bytes - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int number = errno;
      throw Error(ErrorCode::ReadFailed, path_ + ": cannot read the file: " + systemReason(number) + ".",
                  systemReason(number));
    }
    if (count == 0) {
      throw invalidFile(path_, "ends at byte " + std::to_string(offset + done) + ", " + std::to_string(bytes - done) +
                                   " bytes before the data it announces. It is truncated: copy or download it again.");
    }
    done += static_cast<std::size_t>(count);
  }
}

void File::requireUnchanged() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || identityOf(status) != identity_) throw changedFile(path_);
}

}  // namespace tubelet::model
