#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/weights/file.h"

namespace caffe2::serialize {
class PyTorchStreamReader;
}

namespace tubelet::model {

/// The zip archive that PyTorch writes: records by name. A thin, checked layer over LibTorch's reader, which neither
/// unpickles nor runs anything. Not thread-safe.
class Archive {
 public:
  /// What an archive is meant to be.
  struct Kind {
    const char* what;
    const char* writer;
    const char* barePickle;  ///< what to say of a file in the format before archives
    bool compresses;         ///< whether the writer compresses records
  };
  static const Kind kWeights;  ///< torch.save
  static const Kind kProgram;  ///< torch.jit.save, which compresses the text of the program

  /// Throws Error: MODEL_INVALID for anything but such an archive; READ_FAILED.
  Archive(std::shared_ptr<const File> file, const Kind& kind);
  ~Archive();

  const std::string& path() const { return file_->path(); }
  const std::string& identity() const { return file_->identity(); }
  std::uint64_t fileBytes() const { return file_->size(); }

  bool has(const std::string& record);
  /// In bytes; never more than the file has. Throws Error(MODEL_INVALID) when there is no such record.
  std::uint64_t size(const std::string& record);
  /// Fills `into` with the whole record, which must have `bytes` bytes.
  void read(const std::string& record, void* into, std::size_t bytes);
  /// Throws Error(READ_FAILED) when the file has been written to since it was opened.
  void requireUnchanged() const { file_->requireUnchanged(); }

 private:
  std::shared_ptr<const File> file_;
  std::unique_ptr<caffe2::serialize::PyTorchStreamReader> reader_;
};

}  // namespace tubelet::model
