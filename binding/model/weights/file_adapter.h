#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <caffe2/serialize/read_adapter_interface.h>

#include "model/weights/file.h"

namespace tubelet::model {

/// What LibTorch's readers of archives see of a file. Thread-safe.
class FileAdapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit FileAdapter(std::shared_ptr<const File> file);

  std::size_t size() const override;
  /// Returns fewer bytes than asked for at the end of the file, as LibTorch's own adapters do. Throws like File::read.
  std::size_t read(std::uint64_t position, void* into, std::size_t bytes, const char* what) const override;

 private:
  std::shared_ptr<const File> file_;
};

}  // namespace tubelet::model
