#include "model_fixtures.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <ATen/ops/randn.h>
#include <caffe2/serialize/inline_container.h>

#include "engine/cancellation.h"
#include "model/threading.h"
#include "model/weights/tensor_file.h"

namespace tubelet::model::test {

namespace {

template <typename Number>
std::string littleEndian(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

}  // namespace

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tubelet-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

std::string Folder::write(const std::string& name, std::string_view bytes) const {
  std::ofstream file(path_ / name, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path(name);
}

std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string outcome(const std::function<void()>& call) {
  try {
    call();
    return "ok";
  } catch (const Error& error) {
    return std::string(codeName(error.code())) + ": " + error.what() + " (" + error.reason() + ")";
  } catch (const Cancelled&) {
    return "cancelled";
  }
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string safetensors(std::string_view header, std::string_view data) {
  return littleEndian(static_cast<std::uint64_t>(header.size())) + std::string(header) + std::string(data);
}

std::string safetensors(const Weights& weights) {
  const std::map<at::ScalarType, std::string> types{
      {at::kFloat, "F32"}, {at::kDouble, "F64"}, {at::kHalf, "F16"}, {at::kBFloat16, "BF16"}, {at::kLong, "I64"}};
  std::ostringstream header;
  std::string data;
  for (const auto& [name, tensor] : weights) {
    const std::size_t begin = data.size();
    data += bytesOf(tensor);
    header << (begin == 0 && header.tellp() == 0 ? "{" : ",") << '"' << name << R"(":{"dtype":")"
           << types.at(tensor.scalar_type()) << R"(","shape":)" << shapeText(tensor.sizes()) << R"(,"data_offsets":[)"
           << begin << ',' << data.size() << "]}";
  }
  header << (weights.empty() ? "{}" : "}");
  return safetensors(header.str(), data);
}

std::string archive(const Records& records) {
  std::string bytes;
  {
    caffe2::serialize::PyTorchStreamWriter writer([&bytes](const void* data, std::size_t size) {
      bytes.append(static_cast<const char*>(data), size);
      return size;
    });
    for (const auto& [name, data] : records) writer.writeRecord(name, data.data(), data.size());
    writer.writeEndOfFile();
  }
  return bytes;
}

PickleWriter& PickleWriter::raw(std::string_view bytes) {
  code_ += bytes;
  return *this;
}

PickleWriter& PickleWriter::global(const std::string& module, const std::string& name) {
  return raw("c" + module + "\n" + name + "\n");
}

PickleWriter& PickleWriter::text(std::string_view value) {
  return op('X').raw(littleEndian(static_cast<std::uint32_t>(value.size()))).raw(value);
}

PickleWriter& PickleWriter::integer(std::int64_t value) {
  if (value >= 0 && value < 256) return op('K').op(static_cast<char>(value));
  return op('\x8a').op(8).raw(littleEndian(value));
}

PickleWriter& PickleWriter::tuple(const std::vector<std::int64_t>& values) {
  op('(');
  for (const std::int64_t value : values) integer(value);
  return op('t');
}

PickleWriter& PickleWriter::orderedDict() {
  return global("collections", "OrderedDict").op(')').op('R');
}

PickleWriter& PickleWriter::storage(const std::string& type, const std::string& record, std::int64_t elements) {
  op('(').text("storage").global("torch", type).text(record).text("cpu").integer(elements);
  return op('t').op('Q');
}

PickleWriter& PickleWriter::tensor(const std::string& type, const std::string& record, std::int64_t elements,
                                   const View& view) {
  global("torch._utils", "_rebuild_tensor_v2").op('(').storage(type, record, elements);
  integer(view.offset).tuple(view.shape).tuple(view.strides).op('\x89').orderedDict();
  return op('t').op('R');
}

std::string bytesOf(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.contiguous();
  return {static_cast<const char*>(dense.const_data_ptr()), dense.nbytes()};
}

std::string bytesOf(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string pytorchBin(const Weights& weights) {
  const std::map<at::ScalarType, std::string> types{{at::kFloat, "FloatStorage"},
                                                    {at::kDouble, "DoubleStorage"},
                                                    {at::kHalf, "HalfStorage"},
                                                    {at::kBFloat16, "BFloat16Storage"},
                                                    {at::kLong, "LongStorage"}};
  PickleWriter pickle;
  Records records{{"data.pkl", ""}, {"byteorder", "little"}};
  pickle.orderedDict().op('(');
  for (const auto& [name, tensor] : weights) {
    const at::Tensor dense = tensor.contiguous();
    const std::string record = std::to_string(records.size() - 2);
    pickle.text(name).tensor(types.at(tensor.scalar_type()), record, tensor.numel(),
                             {dense.sizes().vec(), dense.strides().vec()});
    records.emplace_back("data/" + record, bytesOf(dense));
  }
  records[0].second = pickle.op('u').finished();
  return archive(records);
}

ModelSpec Checkpoint::save(const Folder& folder, ModelSpec::Format format) const {
  const bool bin = format == ModelSpec::Format::PytorchBin;
  ModelSpec spec;
  spec.key = folder.path("");
  spec.programPath = program;
  spec.format = format;
  spec.weightFiles = {bin ? folder.write("pytorch_model.bin", pytorchBin(weights))
                          : folder.write("model.safetensors", safetensors(weights))};
  spec.config = config;
  spec.frames = static_cast<int>(config.at("num_frames"));
  return spec;
}

Checkpoint tinyCheckpoint(const std::string& family, int layers) {
  prepareThread();  // products this small only suffer from a second thread
  Checkpoint checkpoint;
  checkpoint.program = std::string(TUBELET_PROGRAMS) + "/" + family + ".pt";
  checkpoint.config = {{"hidden_size", 16}, {"intermediate_size", 32},    {"num_attention_heads", 2},
                       {"num_labels", 3},   {"image_size", 32},           {"num_frames", 4},
                       {"patch_size", 16},  {"num_hidden_layers", layers}};
  if (family == "vivit") {
    checkpoint.config.erase("patch_size");
    checkpoint.config.insert({{"tubelet_size.0", 2}, {"tubelet_size.1", 16}, {"tubelet_size.2", 16}});
  }
  const Program program(checkpoint.program);
  at::Generator generator = at::detail::createCPUGenerator(7);
  for (const auto& [name, shape] : program.expected(checkpoint.config)) {
    checkpoint.weights[name] = at::randn(shape, generator) * 0.2;
  }
  return checkpoint;
}

}  // namespace tubelet::model::test
