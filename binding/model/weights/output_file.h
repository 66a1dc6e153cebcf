#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tubelet::model {

/// A file that appears whole or not at all. It is written under another name in the same folder, and takes its own name
/// once it is on the disk. Not thread-safe.
class OutputFile {
 public:
  /// Throws Error(WRITE_FAILED) when the file cannot be made, or is there already and may not be replaced.
  OutputFile(std::string path, bool overwrite);
  /// Leaves nothing behind unless commit() has succeeded.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends. Never fails: commit() reports failures, and what comes after one is dropped.
  void write(const void* data, std::size_t bytes) noexcept;

  /// Gives the file its name and returns how many bytes it has. Throws Error(WRITE_FAILED).
  std::uint64_t commit();

 private:
  void takeName();

  std::string path_;
  std::string temporary_;
  bool overwrite_;
  int descriptor_ = -1;
  int failure_ = 0;  ///< errno of the first failure
  std::uint64_t bytes_ = 0;
};

}  // namespace tubelet::model
