#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/error.h"
#include "model/common/spec.h"
#include "model/program.h"

namespace tubelet::model::test {

/// A folder of its own that goes with its test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

std::string readFile(const std::string& path);

/// "MODEL_INVALID: message (reason)" of the Error that `call` throws, "cancelled" for Cancelled, "ok" for nothing.
/// Anything else is let through, and fails the test.
std::string outcome(const std::function<void()>& call);

bool contains(const std::string& text, const std::string& part);

/// A safetensors file: the header's length, the header, the data.
std::string safetensors(std::string_view header, std::string_view data);
std::string safetensors(const Weights& weights);

/// The records of an archive as torch.save writes it, in order. `data/0` and so on are storages.
using Records = std::vector<std::pair<std::string, std::string>>;
std::string archive(const Records& records);

/// Writes a pickle an opcode at a time, as torch.save does (protocol 2).
class PickleWriter {
 public:
  PickleWriter() { code_ = "\x80\x02"; }

  PickleWriter& raw(std::string_view bytes);
  PickleWriter& op(char code) { return raw({&code, 1}); }
  PickleWriter& global(const std::string& module, const std::string& name);
  PickleWriter& text(std::string_view value);
  PickleWriter& integer(std::int64_t value);
  PickleWriter& tuple(const std::vector<std::int64_t>& values);
  /// collections.OrderedDict()
  PickleWriter& orderedDict();
  /// ('storage', torch.<type>, record, 'cpu', elements) as a persistent id.
  PickleWriter& storage(const std::string& type, const std::string& record, std::int64_t elements);
  struct View {
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
    std::int64_t offset = 0;
  };
  /// A tensor on the storage that `storage` writes.
  PickleWriter& tensor(const std::string& type, const std::string& record, std::int64_t elements, const View& view);

  /// With the final STOP.
  std::string finished() const { return code_ + "."; }

 private:
  std::string code_;
};

/// The bytes of a tensor, dense.
std::string bytesOf(const at::Tensor& tensor);
std::string bytesOf(const std::vector<float>& values);

/// The state_dict of `weights` as a pytorch_model.bin.
std::string pytorchBin(const Weights& weights);

/// The smallest checkpoint of a family that has everything in it, with seeded random weights by published names.
struct Checkpoint {
  std::string program;  ///< path
  Config config;
  Weights weights;

  /// Writes the weights in that format and describes them.
  ModelSpec save(const Folder& folder, ModelSpec::Format format = ModelSpec::Format::Safetensors) const;
};
Checkpoint tinyCheckpoint(const std::string& family, int layers = 2);

}  // namespace tubelet::model::test
