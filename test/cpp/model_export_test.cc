#include "model/export.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <ATen/ops/randn.h>

#include "model/dry_run.h"
#include "model/model.h"
#include "model/torchscript.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

at::Tensor tinyPixels() {
  return at::randn({1, 4, 3, 32, 32}, at::detail::createCPUGenerator(3));
}

/// The spec of an export of `checkpoint`.
ModelSpec exported(const ModelSpec& checkpoint, const std::string& path) {
  ModelSpec spec = checkpoint;
  spec.format = ModelSpec::Format::TorchScript;
  spec.weightFiles = {path};
  spec.config.clear();
  spec.height = spec.width = 32;
  return spec;
}

std::vector<std::string> filesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// The largest file that this process may write, for a while.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("export: the file gives exactly what the checkpoint gives, and is the same each time") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    for (const auto format : {ModelSpec::Format::Safetensors, ModelSpec::Format::PytorchBin}) {
      CAPTURE(family);
      const Folder folder;
      const ModelSpec checkpoint = tinyCheckpoint(family).save(folder, format);
      const ExportTarget target{.path = folder.path("out.pt"), .metadata = R"({"frames": 4})"};
      const std::uint64_t bytes = exportCheckpoint(checkpoint, target, CancelToken());
      CHECK(bytes == readFile(target.path).size());
      CHECK(TorchScriptFile(target.path).metadata() == target.metadata);

      const auto original = Model::load(checkpoint, CancelToken());
      const auto copy = Model::load(exported(checkpoint, target.path), CancelToken());
      const Output theirs = original->run(tinyPixels(), Request(), CancelToken());
      const Output ours = copy->run(tinyPixels(), Request(), CancelToken());
      CHECK(ours.logits == theirs.logits);
      CHECK(ours.embedding == theirs.embedding);
      CHECK(copy->weightBytes() == original->weightBytes());
      const Answer answer = dryRun(*copy, CancelToken());
      CHECK(answer.classes == 3);
      CHECK(answer.width == 16);

      const ExportTarget again{.path = folder.path("again.pt"), .metadata = target.metadata};
      exportCheckpoint(checkpoint, again, CancelToken());
      CHECK(readFile(again.path) == readFile(target.path));
    }
  }
}

TEST_CASE("export: an export is driven layer by layer, so that cancelling stops it between two") {
  const Folder folder;
  const ModelSpec checkpoint = tinyCheckpoint("videomae", 400).save(folder);
  const ExportTarget target{.path = folder.path("out.pt")};
  exportCheckpoint(checkpoint, target, CancelToken());
  const auto loaded = Model::load(exported(checkpoint, target.path), CancelToken());
  CHECK(outcome([&] { loaded->run(tinyPixels(), Request(), CancelToken()); }) == "ok");
  CancelToken token;
  // 400 blocks take some tens of milliseconds on the fastest machine; a forward in one piece would end before the
  // check.
  std::thread canceller([&token] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    token.cancel();
  });
  CHECK(outcome([&] { loaded->run(tinyPixels(), Request(), token); }) == "cancelled");
  canceller.join();
}

TEST_CASE("export: layers, poolings and bfloat16 are those of the checkpoint too") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    CAPTURE(family);
    const Folder folder;
    ModelSpec checkpoint = tinyCheckpoint(family).save(folder);
    const ExportTarget target{.path = folder.path("out.pt")};
    exportCheckpoint(checkpoint, target, CancelToken());
    for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
      checkpoint.precision = precision;
      const auto original = Model::load(checkpoint, CancelToken());
      const auto copy = Model::load(exported(checkpoint, target.path), CancelToken());
      CHECK(copy->weightBytes() == original->weightBytes());
      CHECK(copy->depth() == original->depth());
      for (const Request& request : {Request(), Request{.layer = 1, .pooling = Request::Pooling::None}}) {
        const Output theirs = original->run(tinyPixels(), request, CancelToken());
        const Output ours = copy->run(tinyPixels(), request, CancelToken());
        CHECK(ours.logits == theirs.logits);
        CHECK(ours.embedding == theirs.embedding);
        CHECK(ours.shape == theirs.shape);
      }
    }
  }
}

TEST_CASE("export: the spec must fit what the file holds") {
  const Folder folder;
  const ModelSpec checkpoint = tinyCheckpoint("videomae").save(folder);
  const ExportTarget target{.path = folder.path("out.pt")};
  exportCheckpoint(checkpoint, target, CancelToken());
  ModelSpec spec = exported(checkpoint, target.path);
  spec.frames = 5;
  Preprocessing preprocessing;
  preprocessing.cropHeight = preprocessing.cropWidth = 32;
  const auto loaded = Model::load(spec, CancelToken());
  const std::string result = outcome([&] { requireFittingPixels(*loaded, preprocessing); });
  CHECK(contains(result, "MODEL_INVALID: " + target.path + ": the model takes 4 frames of 32 x 32 pixels"));
  CHECK(contains(result, "Leave out the options 'frames' and 'size'"));
}

TEST_CASE("export: a file that is there stays, unless it may be replaced") {
  const Folder folder;
  const ModelSpec checkpoint = tinyCheckpoint("videomae").save(folder);
  ExportTarget target{.path = folder.write("out.pt", "mine")};
  const auto exporting = [&] { return outcome([&] { exportCheckpoint(checkpoint, target, CancelToken()); }); };
  CHECK(contains(exporting(), "WRITE_FAILED: " + target.path + " is there already."));
  CHECK(readFile(target.path) == "mine");
  target.overwrite = true;
  CHECK(exporting() == "ok");
  CHECK(readFile(target.path).size() > 1000);
  CHECK(filesIn(folder.path("")) == std::vector<std::string>{"model.safetensors", "out.pt"});
  target.path = folder.path("no/such/folder.pt");
  CHECK(exporting().starts_with("WRITE_FAILED: Cannot write " + target.path));
  std::filesystem::create_directory(folder.path("folder.pt"));
  target.path = folder.path("folder.pt");
  CHECK(exporting().starts_with("WRITE_FAILED: Cannot write " + target.path));
}

TEST_CASE("export: nothing is left of a file that could not be written whole, and what it would replace stays") {
  const Folder folder;
  const ModelSpec checkpoint = tinyCheckpoint("videomae").save(folder);
  const ExportTarget target{.path = folder.write("out.pt", "mine"), .overwrite = true};
  {
    const FileSizeLimit limit(20'000);
    const std::string result = outcome([&] { exportCheckpoint(checkpoint, target, CancelToken()); });
    CHECK(contains(result, "WRITE_FAILED: Cannot write " + target.path + ": File too large. Nothing of it is kept."));
  }
  CHECK(readFile(target.path) == "mine");
  CHECK(filesIn(folder.path("")) == std::vector<std::string>{"model.safetensors", "out.pt"});
}

TEST_CASE("export: a checkpoint that cannot be read, or a cancelled export, leaves no file") {
  const Folder folder;
  const Checkpoint checkpoint = tinyCheckpoint("videomae");
  ModelSpec spec = checkpoint.save(folder);
  const ExportTarget target{.path = folder.path("out.pt")};
  CancelToken token;
  token.cancel();
  CHECK(outcome([&] { exportCheckpoint(spec, target, token); }) == "cancelled");
  spec.config["num_labels"] = 4;
  CHECK(outcome([&] { exportCheckpoint(spec, target, CancelToken()); }).starts_with("CHECKPOINT_MISMATCH: "));
  CHECK(filesIn(folder.path("")) == std::vector<std::string>{"model.safetensors"});
}
