#include "node/arguments.h"

#include "node/fields.h"

namespace tubelet::node {
namespace {

constexpr int kMaxFrames = 1 << 16;
constexpr int kMaxSide = 1 << 16;
constexpr int kMaxLayers = 1 << 16;
constexpr int kMaxThreads = 1 << 16;
constexpr int kMaxQueue = 1 << 30;
constexpr int kMaxBatch = 1 << 16;
constexpr int kMaxDelayMs = 1 << 30;

std::array<double, 3> perChannel(const Napi::Value& value, const std::string& name) {
  const Napi::Array list = array(value, name);
  std::array<double, 3> result{};
  if (list.Length() != result.size()) refuse(name, "three numbers, one a channel");
  for (std::uint32_t i = 0; i < result.size(); ++i) result[i] = number(list.Get(i), name);
  return result;
}

std::vector<std::string> paths(const Napi::Value& value, const std::string& name) {
  const Napi::Array list = array(value, name);
  if (list.Length() == 0) refuse(name, "an array of at least one path");
  std::vector<std::string> result;
  for (std::uint32_t i = 0; i < list.Length(); ++i) result.push_back(path(list.Get(i), name));
  return result;
}

std::vector<std::string> texts(const Napi::Value& value, const std::string& name) {
  const Napi::Array list = array(value, name);
  std::vector<std::string> result;
  for (std::uint32_t i = 0; i < list.Length(); ++i) result.push_back(text(list.Get(i), name));
  return result;
}

std::map<std::string, double> namedNumbers(const Napi::Value& value, const std::string& name) {
  const Fields fields(value, name);
  const Napi::Array keys = fields.object().GetPropertyNames();
  std::map<std::string, double> result;
  for (std::uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = text(keys.Get(i), name);
    result.emplace(key, number(fields.get(key.c_str()), fields.name(key.c_str())));
  }
  return result;
}

}  // namespace

model::Preprocessing preprocessingArgument(const Napi::Value& value, const std::string& name) {
  using Resize = model::Preprocessing::Resize;
  using Interpolation = model::Preprocessing::Interpolation;
  const Fields fields(value, name);
  model::Preprocessing result;
  result.resize = fields.choice<Resize>(
      "resize", {{"none", Resize::None}, {"shortest-edge", Resize::ShortestEdge}, {"exact", Resize::Exact}});
  // Sizes that no rule uses may be anything.
  result.resizeHeight = fields.integer("resizeHeight", result.resize == Resize::None ? 0 : 1, kMaxSide);
  result.resizeWidth = fields.integer("resizeWidth", result.resize == Resize::Exact ? 1 : 0, kMaxSide);
  result.interpolation = fields.choice<Interpolation>("interpolation", {{"nearest", Interpolation::Nearest},
                                                                        {"bilinear", Interpolation::Bilinear},
                                                                        {"bicubic", Interpolation::Bicubic}});
  result.antialias = fields.flag("antialias");
  result.cropHeight = fields.integer("cropHeight", 0, kMaxSide);
  result.cropWidth = fields.integer("cropWidth", 0, kMaxSide);
  result.padFrontMore = fields.flag("padFrontMore");
  result.rescaleFactor = fields.number("rescaleFactor");
  result.offset = fields.flag("offset");
  result.normalize = fields.flag("normalize");
  result.mean = perChannel(fields.get("mean"), fields.name("mean"));
  result.std = perChannel(fields.get("std"), fields.name("std"));
  for (const double deviation : result.std) {
    if (deviation == 0) refuse(fields.name("std"), "three numbers other than 0");
  }
  return result;
}

LoadRequest loadRequest(const Napi::Value& value) {
  using Format = model::ModelSpec::Format;
  const Fields fields(value, "spec");
  LoadRequest result;
  result.spec.key = fields.text("key");
  const bool hasProgram = !fields.get("programPath").IsNull();
  if (hasProgram) result.spec.programPath = fields.path("programPath");
  result.spec.format = fields.choice<Format>("format", {{"safetensors", Format::Safetensors},
                                                        {"pytorch-bin", Format::PytorchBin},
                                                        {"torchscript", Format::TorchScript}});
  result.spec.weightFiles = paths(fields.get("weightFiles"), fields.name("weightFiles"));
  result.spec.identities = texts(fields.get("identities"), fields.name("identities"));
  if (result.spec.identities.size() != result.spec.weightFiles.size()) {
    refuse(fields.name("identities"), "as many strings as there are weight files");
  }
  result.spec.config = namedNumbers(fields.get("config"), fields.name("config"));
  result.preprocessing = preprocessingArgument(fields.get("preprocessing"), fields.name("preprocessing"));
  using Precision = std::optional<model::Precision>;
  result.precision = fields.choice<Precision>(
      "precision", {{"fp32", model::Precision::Fp32}, {"bf16", model::Precision::Bf16}, {"auto", std::nullopt}});
  result.spec.frames = fields.integer("frames", 1, kMaxFrames);
  result.spec.height = fields.integer("height", 1, kMaxSide);
  result.spec.width = fields.integer("width", 1, kMaxSide);
  result.spec.layout =
      fields.choice<model::Layout>("layout", {{"TCHW", model::Layout::TCHW}, {"CTHW", model::Layout::CTHW}});
  result.spec.device = fields.text("device");
  result.threads = fields.integer("threads", 0, kMaxThreads);
  result.maxQueue = static_cast<std::size_t>(fields.integer("maxQueue", 0, kMaxQueue));
  return result;
}

Embedding embeddingArgument(const Napi::Value& value) {
  using Pooling = model::Request::Pooling;
  Embedding result;
  if (value.IsUndefined()) return result;
  const Fields fields(value, "embedding");
  if (!fields.get("layer").IsNull()) result.request.layer = fields.integer("layer", 0, kMaxLayers);
  result.request.pooling = fields.choice<Pooling>(
      "pooling", {{"head", Pooling::Head}, {"mean", Pooling::Mean}, {"cls", Pooling::Cls}, {"none", Pooling::None}});
  result.normalize = fields.flag("normalize");
  return result;
}

ForkRequest forkRequest(const Napi::Value& value) {
  const Fields fields(value, "fork");
  return {.decode = fields.integer("decode", 1, kMaxThreads),
          .infer = fields.integer("infer", 1, kMaxThreads),
          .threads = fields.integer("threads", 1, kMaxThreads),
          .maxBatch = fields.integer("maxBatch", 1, kMaxBatch),
          .maxDelayMs = fields.integer("maxDelayMs", 0, kMaxDelayMs),
          .maxQueue = static_cast<std::size_t>(fields.integer("maxQueue", 0, kMaxQueue))};
}

ExportRequest exportRequest(const Napi::Value& value) {
  const Fields fields(value, "request");
  ExportRequest result;
  result.spec = loadRequest(fields.get("spec")).spec;
  result.target.path = fields.path("path");
  result.target.overwrite = fields.flag("overwrite");
  result.target.metadata = fields.text("metadata");
  return result;
}

PixelsArgument pixelsArgument(const Napi::Value& pixels, const Napi::Value& shape) {
  const bool isFloats = pixels.IsTypedArray() && pixels.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
  if (!isFloats) refuse("pixels", "a Float32Array");
  const auto floats = pixels.As<Napi::Float32Array>();

  const Napi::Array sides = array(shape, "shape");
  PixelsArgument result;
  if (sides.Length() != result.shape.size()) refuse("shape", "[frames, 3, height, width]");
  std::size_t left = floats.ElementLength();
  bool fits = left > 0;
  for (std::uint32_t i = 0; i < result.shape.size(); ++i) {
    const int side = integer(sides.Get(i), "shape", 1, kMaxSide);
    result.shape[i] = side;
    // Divided rather than multiplied up: four sides of 65536 overflow.
    fits = fits && left % static_cast<std::size_t>(side) == 0;
    left /= static_cast<std::size_t>(side);
  }
  if (!fits || left != 1) refuse("pixels", "as long as the product of shape's four sides");
  result.data = floats.Data();
  return result;
}

}  // namespace tubelet::node
