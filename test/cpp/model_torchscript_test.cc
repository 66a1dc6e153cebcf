#include "model/torchscript.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include <ATen/ops/allclose.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>

#include "model/dry_run.h"
#include "model/kernels/kernels.h"
#include "model/model.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

/// Saves a module with these methods, and describes the file: clips of 4 frames of 8 x 8.
ModelSpec save(const Folder& folder, const std::string& methods,
               const std::unordered_map<std::string, std::string>& extras = {}) {
  torch::jit::Module module("m");
  module.register_buffer("weight", at::rand({3, 5}));
  module.define(methods);
  ModelSpec spec;
  spec.format = ModelSpec::Format::TorchScript;
  spec.weightFiles = {folder.path("program.pt")};
  spec.frames = 4;
  spec.height = spec.width = 8;
  module.save(spec.weightFiles[0], extras);
  return spec;
}

std::string loading(const ModelSpec& spec) {
  return outcome([&] { dryRun(*Model::load(spec, CancelToken()), CancelToken()); });
}

void refused(const std::string& methods, const std::string& why) {
  const Folder folder;
  const std::string result = loading(save(folder, methods));
  CAPTURE(result);
  CHECK(result.starts_with("MODEL_INVALID: " + folder.path("program.pt") + ": "));
  CHECK(contains(result, why));
}

at::Tensor pixels() {
  return at::randn({1, 4, 3, 8, 8}, at::detail::createCPUGenerator(3));
}

}  // namespace

// 7 and 4 are float64 and int64 (c10/core/ScalarType.h): source compiled from C++ does not know torch.float64.
TEST_CASE("torchscript: a tensor, a tuple or a dict of logits, with or without an embedding") {
  const std::vector<std::pair<std::string, std::int64_t>> bodies{
      {"logits", 0},
      {"(logits,)", 0},
      {"(logits, row)", 3},
      {"(logits, pixels)", 0},
      {"{'logits': logits}", 0},
      {"{'other': pixels, 'pooler_output': row, 'logits': logits}", 3},
      {"{'embedding': row.to(7), 'logits': logits.to(7)}", 3},
      {"{'embedding': pixels, 'pooler_output': row, 'logits': logits}", 0},
  };
  for (const auto& [body, width] : bodies) {
    CAPTURE(body);
    const Folder folder;
    const ModelSpec spec = save(folder,
                                "def forward(self, pixels):\n"
                                "  row = pixels.mean([1, 3, 4])\n"
                                "  logits = row @ self.weight\n"
                                "  return " +
                                    body + "\n");
    const auto loaded = Model::load(spec, CancelToken());
    CHECK(loaded->weightBytes() == 3 * 5 * 4);
    const Answer answer = dryRun(*loaded, CancelToken());
    CHECK(answer.classes == 5);
    CHECK(answer.width == width);
    const Output output = loaded->run(pixels(), Request(), CancelToken());
    CHECK(output.logits.size() == 5);
    CHECK(output.scores.size() == 5);
    if (width > 0) CHECK(output.embedding[1] == doctest::Approx(pixels().mean({1, 3, 4})[0][1].item<float>()));
    CHECK(loaded->run(pixels(), Request(), CancelToken()).logits == output.logits);
  }
}

TEST_CASE("torchscript: the axes come in the order that was said, and dense") {
  const Folder folder;
  ModelSpec spec = save(folder,
                        "def forward(self, pixels):\n"
                        "  assert pixels.is_contiguous()\n"
                        "  return pixels.view([1, -1])[:, :16]\n");
  const at::Tensor clip = pixels();
  const auto first = [&](Layout layout) {
    spec.layout = layout;
    return Model::load(spec, CancelToken())->run(clip, Request(), CancelToken()).logits[8];
  };
  CHECK(first(Layout::TCHW) == clip[0][0][0][1][0].item<float>());
  spec.height = spec.width = 2;
  const at::Tensor small = at::randn({1, 4, 3, 2, 2});
  spec.layout = Layout::CTHW;
  const auto logits = Model::load(spec, CancelToken())->run(small, Request(), CancelToken()).logits;
  CHECK(logits[4] == small[0][1][0][0][0].item<float>());
}

TEST_CASE("torchscript: a program that returns something else, or fails, is refused with what it did") {
  const auto returning = [](const std::string& body) {
    return "def forward(self, pixels):\n  row = pixels.mean([1, 3, 4])\n  return " + body + "\n";
  };
  refused(returning("row[0]"), "returned a tensor of type Float and shape [3]. It must return logits: ");
  refused(returning("row.repeat([2, 1])"), "shape [2, 3]");
  refused(returning("row[:, :0]"), "shape [1, 0]");
  refused(returning("row.to(4)"), "a tensor of type Long and shape [1, 3]");
  refused(returning("row / 0"), "returned logits that are not finite");
  refused(returning("(row, row / 0)"), "returned numbers in the embedding that are not finite");
  refused(returning("([row], row)"), "a tuple of 2, the first of them a value of type List[Tensor]");
  refused(returning("{'scores': row}"), "a dict with the keys scores");
  refused(returning("{1: row}"), "a dict with the keys 1");
  refused(returning("None"), "a value of type NoneType");
  refused(returning("'logits'"), "a value of type str");
  refused(returning("row @ self.weight[:2]"), "failed on pixels of shape [1, 4, 3, 8, 8] (");
  refused("def forward(self, pixels):\n  assert False, 'not today'\n", "not today");
  refused("def forward(self, pixels, mask):\n  return pixels * mask\n", "must take one tensor");
  refused("def forward(self):\n  return 1\n", "must take one tensor");
  refused("def run(self, pixels):\n  return pixels\n", "has no method 'forward'");
}

TEST_CASE("torchscript: pixels of another shape than was said are the caller's fault") {
  const Folder folder;
  const auto loaded = Model::load(save(folder, "def forward(self, pixels):\n  return pixels.mean([1, 3, 4])\n"), {});
  const auto result = outcome([&] { loaded->run(at::rand({1, 4, 3, 8, 9}), Request(), CancelToken()); });
  CHECK(result.starts_with("INVALID_ARGUMENT: The model takes float32 pixels of shape [1, 4, 3, 8, 8]"));
}

TEST_CASE("torchscript: it gives its one embedding, in the precision it was saved in") {
  const Folder folder;
  ModelSpec spec = save(folder, "def forward(self, pixels):\n  row = pixels.mean([1, 3, 4])\n  return row, row\n");
  const auto loaded = Model::load(spec, CancelToken());
  using Pooling = Request::Pooling;
  for (const Request& request :
       {Request{.layer = 0, .pooling = Pooling::Mean}, Request{.layer = {}, .pooling = Pooling::None}}) {
    const std::string result = outcome([&] { loaded->run(pixels(), request, CancelToken()); });
    CHECK(result.starts_with("INVALID_ARGUMENT: A third-party program exposes no layers"));
  }
  spec.precision = Precision::Bf16;
  CHECK(contains(loading(spec), "INVALID_ARGUMENT: " + spec.weightFiles[0] + ": a program that is not one of this"));
}

TEST_CASE("torchscript: a call that was cancelled before or during the forward ends with that") {
  const Folder folder;
  const auto loaded = Model::load(save(folder,
                                       "def forward(self, pixels):\n"
                                       "  row = pixels.mean([1, 3, 4])\n"
                                       "  for i in range(200000):\n"
                                       "    row = row + 0\n"
                                       "  return row\n"),
                                  CancelToken());
  CancelToken token;
  token.cancel();
  CHECK(outcome([&] { loaded->run(pixels(), Request(), token); }) == "cancelled");
  const CancelToken late(std::chrono::milliseconds(1));
  CHECK(outcome([&] { loaded->run(pixels(), Request(), late); }).starts_with("TIMEOUT: "));
}

TEST_CASE("torchscript: the text beside a program is read without running anything") {
  const Folder folder;
  const std::string forward = "def forward(self, pixels):\n  return pixels\n";
  CHECK(TorchScriptFile(save(folder, forward).weightFiles[0]).metadata() == std::nullopt);
  const std::string text = R"({"frames": 4, "labels": ["größer"]})";
  CHECK(TorchScriptFile(save(folder, forward, {{kMetadataName, text}}).weightFiles[0]).metadata() == text);
  CHECK(TorchScriptFile(save(folder, forward, {{kMetadataName, ""}}).weightFiles[0]).metadata() == "");
  const ModelSpec large = save(folder, forward, {{kMetadataName, std::string((4 << 20) + 1, ' ')}});
  CHECK(contains(outcome([&] { TorchScriptFile(large.weightFiles[0]).metadata(); }), "4194305 bytes; at most 4194304"));
}

TEST_CASE("torchscript: other files are recognised, and damage is found") {
  const Folder folder;
  const auto opening = [&](const std::string& bytes) {
    const std::string path = folder.write("a.pt", bytes);
    return outcome([&] {
      TorchScriptFile file(path);
      file.metadata();
      file.program("cpu");
    });
  };
  const std::string whole = readFile(save(folder, "def forward(self, pixels):\n  return pixels\n").weightFiles[0]);
  CHECK(opening(whole) == "ok");
  CHECK(contains(opening(""), "has 0 bytes, too few for a TorchScript file"));
  CHECK(contains(opening(std::string(100, 'x')), "is not a TorchScript file: it does not start like the archive"));
  CHECK(contains(opening("\x80\x02}q."), "is a pickle, as torch.save wrote it before"));
  CHECK(contains(opening(archive({{"data.pkl", "\x80\x02}."}})), "is a PyTorch archive without a TorchScript program"));
  CHECK(
      contains(opening(archive({{"constants.pkl", "\x80\x02)."}, {"data.pkl", "junk"}})), "cannot load this program"));
  // Wherever it is cut and whatever is written over, it is refused or still the same kind of thing.
  for (std::size_t at = 4; at < whole.size(); at += whole.size() / 97) {
    CAPTURE(at);
    CHECK(opening(whole.substr(0, at)).starts_with("MODEL_INVALID: "));
  }
  CHECK(outcome([&] { TorchScriptFile(folder.path("none.pt")); }).starts_with("FILE_NOT_FOUND: "));
  CHECK(outcome([&] { TorchScriptFile(folder.path("")); }).starts_with("MODEL_INVALID: "));
}

TEST_CASE("kernels: a function of the same name with other arguments stays as it is") {
  torch::jit::Module module("m");
  const auto unit = module._ivalue()->compilation_unit();
  unit->define(c10::QualifiedName("__torch__.kernels"),
               "def linear(x, weight):\n  return x - 1\n"
               "def linear_add(x, weight, bias, residual):\n  return x - 1\n",
               torch::jit::nativeResolver(), nullptr);
  useNativeKernels(module);
  const auto function = [&](const char* name) -> torch::jit::Function& {
    return unit->get_function(c10::QualifiedName(std::string("__torch__.kernels.") + name));
  };
  const at::Tensor x = at::rand({4, 4});
  CHECK(function("linear")({x, x}).toTensor().equal(x - 1));
  const at::Tensor bias = at::zeros({4});
  CHECK(at::allclose(function("linear_add")({x, x, bias, x}).toTensor(), x + x.matmul(x.t())));
}

TEST_CASE("torchscript: a file that says it is one of the package's programs, and is not, runs by its forward") {
  const Folder folder;
  ModelSpec spec = save(folder, "def forward(self, pixels):\n  return pixels.mean([1, 3, 4])\n");
  spec.programPath = std::string(TUBELET_PROGRAMS) + "/vivit.pt";
  CHECK(loading(spec) == "ok");
}
