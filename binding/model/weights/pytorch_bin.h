#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/weights/archive.h"
#include "model/weights/pickle.h"
#include "model/weights/tensor_file.h"

namespace tubelet::model {

/// A pytorch_model.bin: an archive whose data.pkl describes tensors as views of storages, each a record of its own.
/// Every view is held against its storage's record before a byte of it is read.
class PytorchBin final : public TensorFile {
 public:
  explicit PytorchBin(const std::string& path);

  const std::string& path() const override { return archive_.path(); }
  const std::string& identity() const override { return archive_.identity(); }
  const std::vector<TensorEntry>& entries() const override { return entries_; }
  at::Tensor read(std::size_t index) override;
  void requireUnchanged() const override { archive_.requireUnchanged(); }

 private:
  void requireLittleEndian();
  std::vector<PickledTensor> readPickle();
  void checkView(const PickledTensor& tensor);

  Archive archive_;
  std::vector<TensorEntry> entries_;
  std::vector<PickledTensor> tensors_;  ///< one an entry
};

}  // namespace tubelet::model
