#include "model/checkpoint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include <ATen/ops/aminmax.h>
#include <c10/core/Device.h>

#include "engine/error.h"
#include "model/weights/file.h"
#include "model/weights/tensor_file.h"

namespace tubelet::model {

namespace {

/// Where the data of a tensor is.
struct Place {
  TensorFile* file;
  std::size_t index;

  const TensorEntry& entry() const { return file->entries()[index]; }
};

using Directory = std::map<std::string, Place>;

void requireSupported(const ModelSpec& spec, const Program& program) {
  const std::vector<std::string> problems = program.unsupported(spec.config);
  if (problems.empty()) return;
  std::string message = "config.json asks for a model that cannot be run:";
  for (const std::string& problem : problems) message += " " + problem + ";";
  message.back() = '.';
  throw Error(ErrorCode::ModelInvalid, message);
}

std::vector<std::unique_ptr<TensorFile>> openFiles(const ModelSpec& spec, const CancelToken& token) {
  std::vector<std::unique_ptr<TensorFile>> files;
  for (std::size_t i = 0; i < spec.weightFiles.size(); ++i) {
    token.check();
    files.push_back(openTensorFile(spec.format, spec.weightFiles[i]));
    if (!spec.identities.empty() && files[i]->identity() != spec.identities.at(i)) {
      throw changedFile(spec.weightFiles[i]);
    }
  }
  return files;
}

bool allBeginWith(const std::vector<std::unique_ptr<TensorFile>>& files, std::string_view prefix, std::size_t at) {
  return std::ranges::all_of(files, [&](const auto& file) {
    return std::ranges::all_of(file->entries(), [&](const TensorEntry& entry) {
      return std::string_view(entry.name).substr(std::min(at, entry.name.size())).starts_with(prefix);
    });
  });
}

/// How many characters wrappers put before the name of every tensor: DataParallel `module.`, torch.compile
/// `_orig_mod.`, and training code that keeps the network as its `model`. Wrappers may be nested.
std::size_t wrapperPrefix(const std::vector<std::unique_ptr<TensorFile>>& files) {
  constexpr std::array<std::string_view, 3> kPrefixes{"module.", "model.", "_orig_mod."};
  const bool isEmpty = std::ranges::all_of(files, [](const auto& file) { return file->entries().empty(); });
  std::size_t length = 0;
  while (!isEmpty) {
    const auto* const prefix =
        std::ranges::find_if(kPrefixes, [&](std::string_view name) { return allBeginWith(files, name, length); });
    if (prefix == kPrefixes.end()) break;
    length += prefix->size();
  }
  return length;
}

Directory join(const std::vector<std::unique_ptr<TensorFile>>& files, const Program& program) {
  const std::size_t prefix = wrapperPrefix(files);
  Directory directory;
  for (const auto& file : files) {
    for (std::size_t i = 0; i < file->entries().size(); ++i) {
      const std::string name = program.rename(file->entries()[i].name.substr(prefix));
      if (program.ignored(name)) continue;
      const auto [found, isNew] = directory.emplace(name, Place{file.get(), i});
      if (!isNew) {
        throw invalidFile(file->path(), "holds \"" + file->entries()[i].name + "\", which appears twice: as \"" +
                                            found->second.entry().name + "\" in " + found->second.file->path() + ".");
      }
    }
  }
  return directory;
}

/// "3 missing: a [2, 3], b [4] and 1 more", or nothing.
class NameList {
 public:
  explicit NameList(std::string title) : title_(std::move(title)) {}

  void add(const std::string& item) {
    if (++count_ <= kShown) shown_ += (shown_.empty() ? "" : ", ") + item;
  }

  bool empty() const { return count_ == 0; }

  std::string text() const {
    if (empty()) return {};
    const std::string more = count_ > kShown ? " and " + std::to_string(count_ - kShown) + " more" : "";
    return " " + std::to_string(count_) + " " + title_ + ": " + shown_ + more + ".";
  }

 private:
  static constexpr std::size_t kShown = 12;

  std::string title_;
  std::string shown_;
  std::size_t count_ = 0;
};

void requireMatch(const Directory& directory, const Shapes& expected, const ModelSpec& spec) {
  NameList missing("missing");
  NameList misshapen("of another shape");
  NameList leftOver("left over");
  for (const auto& [name, shape] : expected) {
    const auto found = directory.find(name);
    if (found == directory.end()) {
      missing.add(name + " " + shapeText(shape));
    } else if (found->second.entry().shape != shape) {
      misshapen.add(name + " " + shapeText(found->second.entry().shape) + " instead of " + shapeText(shape));
    }
  }
  for (const auto& [name, place] : directory) {
    if (!expected.contains(name)) leftOver.add(name + " " + shapeText(place.entry().shape));
  }
  if (missing.empty() && misshapen.empty() && leftOver.empty()) return;
  const std::string where = spec.weightFiles.empty() ? "no weight file" : spec.weightFiles.front();
  throw Error(ErrorCode::CheckpointMismatch, where + ": the weights do not fit config.json. Tensors" + missing.text() +
                                                 misshapen.text() + leftOver.text() +
                                                 " Take both files from the same checkpoint.");
}

/// A minimum and a maximum propagate NaN, and an infinity would be one of them.
void requireFinite(const at::Tensor& tensor, const Place& place) {
  if (tensor.numel() == 0) return;
  const auto [low, high] = at::aminmax(tensor);
  if (std::isfinite(low.item<float>()) && std::isfinite(high.item<float>())) return;
  throw invalidFile(place.file->path(), "tensor \"" + place.entry().name +
                                            "\" holds values that are not finite. The file is damaged, or the training "
                                            "diverged: copy or download it again.");
}

}  // namespace

Weights readCheckpoint(const ModelSpec& spec, const Program& program, const CancelToken& token) {
  requireSupported(spec, program);
  const std::vector<std::unique_ptr<TensorFile>> files = openFiles(spec, token);
  const Directory directory = join(files, program);
  requireMatch(directory, program.expected(spec.config), spec);

  const c10::Device device(spec.device);
  Weights weights;
  for (const auto& [name, place] : directory) {
    token.check();
    const at::Tensor tensor = place.file->read(place.index);
    requireFinite(tensor, place);
    weights.emplace(name, tensor.to(device));
  }
  for (const auto& file : files) file->requireUnchanged();
  return weights;
}

}  // namespace tubelet::model
