#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/weights/tensor_file.h"

namespace tubelet::model {

/// A tensor as the pickle inside a PyTorch archive describes it: a strided view of a storage that is a record of its
/// own. Nothing in here has been checked against that record.
struct PickledTensor {
  TensorEntry entry;
  std::string storage;               ///< name of the record below "data/"
  std::int64_t storageElements = 0;  ///< as claimed
  std::int64_t offset = 0;           ///< in elements
  std::vector<std::int64_t> strides;
};

/// Interprets the pickle of a state_dict: a dict from names to tensors.
///
/// A pickle is a program for a stack machine that can import and call anything. This interpreter knows the opcodes that
/// torch.save writes for a state_dict and the callables that rebuild a tensor, and refuses every other opcode and
/// global by name, so that nothing in the file is ever executed. Work and memory are bounded by the pickle's size.
/// `path` is for messages. Throws Error(MODEL_INVALID).
std::vector<PickledTensor> readStateDict(std::span<const std::uint8_t> pickle, const std::string& path);

}  // namespace tubelet::model
