#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/common/spec.h"

namespace tubelet::model {

/// A tensor as a weight file declares it.
struct TensorEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
};

/// "[768, 3, 2, 16, 16]"
std::string shapeText(at::IntArrayRef shape);

/// A file that holds named tensors. What it declares has been checked against the bytes it holds once it is open; the
/// bytes themselves are read when asked for. Not thread-safe.
class TensorFile {
 public:
  virtual ~TensorFile() = default;

  virtual const std::string& path() const = 0;
  /// File::identity.
  virtual const std::string& identity() const = 0;
  virtual const std::vector<TensorEntry>& entries() const = 0;

  /// The tensor of entries()[index] as float32, contiguous, in memory of its own. Throws Error(MODEL_INVALID) unless
  /// its type is a floating-point one that the package reads (F64, F32, F16, BF16).
  virtual at::Tensor read(std::size_t index) = 0;

  /// Called after the last read. Throws Error(READ_FAILED) when the file has been written to since it was opened:
  /// tensors may then be of different versions.
  virtual void requireUnchanged() const = 0;
};

/// Opens a weight file and checks its directory of tensors. Throws Error: FILE_NOT_FOUND, READ_FAILED or MODEL_INVALID.
std::unique_ptr<TensorFile> openTensorFile(ModelSpec::Format format, const std::string& path);

/// Throws Error(MODEL_INVALID) unless `entry` has a type that can become float32.
void requireFloatingPoint(const TensorEntry& entry, const std::string& path);

/// The bytes of a dense tensor of that shape and type. Throws Error(MODEL_INVALID) about `entry` when a size is
/// negative or the product does not fit into 63 bits.
std::int64_t checkedBytes(const TensorEntry& entry, const std::string& path);

}  // namespace tubelet::model
