#include "model/weights/pytorch_bin.h"

#include <memory>
#include <optional>

#include <ATen/ops/empty.h>

namespace tubelet::model {

namespace {

/// A state_dict of a thousand tensors has about 150 kilobytes.
constexpr std::uint64_t kMaxPickleBytes = 4 << 20;

std::string recordOf(const PickledTensor& tensor) {
  return "data/" + tensor.storage;
}

/// The last element that the view reaches, counted from the start of its storage; nothing when that overflows or a
/// number is negative. `tensor` has no dimension of size 0.
std::optional<std::int64_t> lastElement(const PickledTensor& tensor) {
  std::int64_t last = tensor.offset;
  if (last < 0) return std::nullopt;
  for (std::size_t i = 0; i < tensor.strides.size(); ++i) {
    std::int64_t reach = 0;
    if (tensor.strides[i] < 0 || __builtin_mul_overflow(tensor.entry.shape[i] - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  return last;
}

}  // namespace

PytorchBin::PytorchBin(const std::string& path) : archive_(std::make_shared<const File>(path), Archive::kWeights) {
  requireLittleEndian();
  tensors_ = readPickle();
  std::uint64_t total = 0;
  for (const PickledTensor& tensor : tensors_) {
    checkView(tensor);
    entries_.push_back(tensor.entry);
    total += static_cast<std::uint64_t>(checkedBytes(tensor.entry, path));
    // A few tensors may share a storage. Without a bound, a small file could ask for any amount of memory.
    if (total > 2 * archive_.fileBytes()) {
      throw invalidFile(path,
                        "its tensors together are more than twice as large as the file: too many share a storage.");
    }
  }
}

void PytorchBin::requireLittleEndian() {
  if (!archive_.has("byteorder")) return;  // written since PyTorch 2.1
  std::string order(archive_.size("byteorder"), '\0');
  archive_.read("byteorder", order.data(), order.size());
  if (order != "little") {
    throw invalidFile(path(),
                      R"(was written with byte order ")" + order.substr(0, 20) + R"("; only "little" is read.)");
  }
}

std::vector<PickledTensor> PytorchBin::readPickle() {
  const std::uint64_t bytes = archive_.size("data.pkl");
  if (bytes > kMaxPickleBytes) {
    throw invalidFile(path(), "its data.pkl has " + std::to_string(bytes) + " bytes; at most " +
                                  std::to_string(kMaxPickleBytes) + " are read. A state_dict needs far less.");
  }
  std::vector<std::uint8_t> pickle(bytes);
  archive_.read("data.pkl", pickle.data(), pickle.size());
  return readStateDict(pickle, path());
}

void PytorchBin::checkView(const PickledTensor& tensor) {
  const auto fail = [&](const std::string& what) {
    return invalidFile(path(), "tensor \"" + tensor.entry.name + "\" " + what);
  };
  const auto elementBytes = static_cast<std::int64_t>(at::elementSize(tensor.entry.type));
  const auto recordBytes = static_cast<std::int64_t>(archive_.size(recordOf(tensor)));
  if (tensor.storageElements < 0 || tensor.storageElements > recordBytes / elementBytes) {
    throw fail("claims a storage of " + std::to_string(tensor.storageElements) + " elements of " +
               std::to_string(elementBytes) + " bytes, but its record " + recordOf(tensor) + " has " +
               std::to_string(recordBytes) + " bytes.");
  }
  if (tensor.strides.size() != tensor.entry.shape.size()) throw fail("has unequal numbers of sizes and strides.");

  const std::int64_t bytes = checkedBytes(tensor.entry, path());
  if (bytes == 0) return;
  const std::optional<std::int64_t> last = lastElement(tensor);
  if (!last || *last >= tensor.storageElements || bytes / elementBytes > tensor.storageElements) {
    throw fail("of shape " + shapeText(tensor.entry.shape) + ", strides " + shapeText(tensor.strides) + " and offset " +
               std::to_string(tensor.offset) + " does not fit into its storage of " +
               std::to_string(tensor.storageElements) + " elements.");
  }
}

at::Tensor PytorchBin::read(std::size_t index) {
  const PickledTensor& tensor = tensors_.at(index);
  requireFloatingPoint(tensor.entry, path());
  const std::string record = recordOf(tensor);
  const auto elements = static_cast<std::int64_t>(archive_.size(record) / at::elementSize(tensor.entry.type));
  // The record may be longer than the elements by a few bytes, and must be read whole.
  at::Tensor storage = at::empty({elements + 1}, tensor.entry.type);
  archive_.read(record, storage.data_ptr(), archive_.size(record));
  const at::Tensor view = storage.as_strided(tensor.entry.shape, tensor.strides, tensor.offset);
  const bool whole = view.is_contiguous() && view.numel() == elements;
  if (whole) return view.to(at::kFloat);
  return view.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::Contiguous);
}

}  // namespace tubelet::model
