#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/weights/file.h"
#include "model/weights/tensor_file.h"

namespace tubelet::model {

/// A .safetensors file: 8 bytes (little-endian length of the header), a JSON header, then the tensors' bytes one after
/// another. The header is held to the format's own rules: every name once, tensors neither overlapping nor apart, and
/// no byte of the file unaccounted for.
class Safetensors final : public TensorFile {
 public:
  explicit Safetensors(std::string path);

  const std::string& path() const override { return file_.path(); }
  const std::string& identity() const override { return file_.identity(); }
  const std::vector<TensorEntry>& entries() const override { return entries_; }
  at::Tensor read(std::size_t index) override;
  void requireUnchanged() const override { file_.requireUnchanged(); }

 private:
  std::string readHeader();
  void parseHeader(const std::string& text);
  void checkLayout() const;

  struct Span {
    std::uint64_t begin;  ///< bytes from the start of the data section
    std::uint64_t end;
  };

  File file_;
  std::uint64_t dataStart_ = 0;
  std::vector<TensorEntry> entries_;
  std::vector<Span> spans_;  ///< one an entry
};

}  // namespace tubelet::model
