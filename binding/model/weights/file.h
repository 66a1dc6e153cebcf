#pragma once

#include <cstdint>
#include <string>

#include "engine/error.h"

namespace tubelet::model {

/// Error(MODEL_INVALID) about the file at `path`: "<path>: <what>".
Error invalidFile(const std::string& path, const std::string& what, const std::string& reason = {});

/// Error(READ_FAILED): the file at `path` is not, or is no longer, what it was.
Error changedFile(const std::string& path);

/// An open regular file, read by position. It is read, not mapped: a mapped file that is shortened meanwhile kills the
/// process with SIGBUS, a short read is an Error. Thread-safe.
class File {
 public:
  /// Throws Error: FILE_NOT_FOUND, READ_FAILED, or MODEL_INVALID for anything but a regular file.
  explicit File(std::string path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& path() const { return path_; }
  /// In bytes, as it was when the file was opened.
  std::uint64_t size() const { return size_; }
  /// Which file it was then, whatever name led to it: device, inode, size and time of the last change, as
  /// lib/base/files.ts writes them.
  const std::string& identity() const { return identity_; }

  /// Fills `into` with the `bytes` bytes at `offset`. Throws Error: READ_FAILED, or MODEL_INVALID when the file ends
  /// before that.
  void read(std::uint64_t offset, void* into, std::size_t bytes) const;

  /// Throws Error(READ_FAILED) when the file has been written to since it was opened.
  void requireUnchanged() const;

 private:
  std::string path_;
  int descriptor_;
  std::uint64_t size_ = 0;
  std::string identity_;
};

}  // namespace tubelet::model
