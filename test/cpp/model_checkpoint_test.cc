#include "model/checkpoint.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include <ATen/ops/zeros.h>

#include "model/weights/tensor_file.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

constexpr auto kQuery = "videomae.encoder.layer.1.attention.attention.query.weight";

/// What comes of reading `checkpoint`'s weights, changed by `change`, by its program and config.
std::string reading(const std::function<void(Checkpoint&)>& change,
                    ModelSpec::Format format = ModelSpec::Format::Safetensors) {
  const Folder folder;
  Checkpoint checkpoint = tinyCheckpoint("videomae");
  change(checkpoint);
  const ModelSpec spec = checkpoint.save(folder, format);
  return outcome([&] { readCheckpoint(spec, Program(spec.programPath), CancelToken()); });
}

void rename(Weights& weights, const std::string& from, const std::string& to) {
  weights[to] = weights.at(from);
  weights.erase(from);
}

}  // namespace

TEST_CASE("checkpoint: both formats give the weights as they are, as float32") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    for (const auto format : {ModelSpec::Format::Safetensors, ModelSpec::Format::PytorchBin}) {
      CAPTURE(family);
      const Folder folder;
      const Checkpoint checkpoint = tinyCheckpoint(family);
      const ModelSpec spec = checkpoint.save(folder, format);
      const Weights read = readCheckpoint(spec, Program(spec.programPath), CancelToken());
      REQUIRE(read.size() == checkpoint.weights.size());
      for (const auto& [name, tensor] : checkpoint.weights) {
        CAPTURE(name);
        CHECK(read.at(name).equal(tensor));
      }
    }
  }
}

TEST_CASE("checkpoint: half-precision weights are widened") {
  const Folder folder;
  Checkpoint checkpoint = tinyCheckpoint("videomae");
  for (auto& [name, tensor] : checkpoint.weights) tensor = tensor.to(at::kBFloat16);
  const ModelSpec spec = checkpoint.save(folder);
  const Weights read = readCheckpoint(spec, Program(spec.programPath), CancelToken());
  CHECK((read.at(kQuery).scalar_type() == at::kFloat));
  CHECK(read.at(kQuery).equal(checkpoint.weights.at(kQuery).to(at::kFloat)));
}

TEST_CASE("checkpoint: shards are joined, and a tensor in two of them is an error") {
  const Folder folder;
  const Checkpoint checkpoint = tinyCheckpoint("videomae");
  ModelSpec spec = checkpoint.save(folder);
  Weights first;
  Weights second;
  for (const auto& item : checkpoint.weights) (first.size() < 10 ? first : second).insert(item);
  const auto read = [&] { return readCheckpoint(spec, Program(spec.programPath), CancelToken()); };

  spec.weightFiles = {folder.write("1.safetensors", safetensors(first)),
                      folder.write("2.safetensors", safetensors(second))};
  CHECK(read().size() == checkpoint.weights.size());

  second.insert(*first.begin());
  spec.weightFiles[1] = folder.write("2.safetensors", safetensors(second));
  const std::string result = outcome([&] { read(); });
  CHECK(result.starts_with("MODEL_INVALID: " + spec.weightFiles[1]));
  CHECK(contains(result, "\"" + first.begin()->first + "\", which appears twice"));
  CHECK(contains(result, "in " + spec.weightFiles[0]));
}

TEST_CASE("checkpoint: newer names are taken for the published ones, and not beside them") {
  const std::string published = "videomae.encoder.layer.0.attention.attention.q_bias";
  const std::string newer = "videomae.encoder.layer.0.attention.attention.query.bias";
  CHECK(reading([&](Checkpoint& it) { rename(it.weights, published, newer); }) == "ok");
  CHECK(contains(reading([&](Checkpoint& it) { it.weights[newer] = it.weights.at(published); }), "appears twice"));
}

TEST_CASE("checkpoint: what a program does not use may be there, of any type") {
  CHECK(reading([](Checkpoint& it) { it.weights["decoder.norm.weight"] = at::zeros({2}, at::kLong); }) == "ok");
}

TEST_CASE("checkpoint: missing, left-over and misshapen tensors are listed") {
  const std::string result = reading([](Checkpoint& it) {
    it.weights.erase("classifier.bias");
    it.weights["pooler.weight"] = at::zeros({5, 6});
    it.weights[kQuery] = at::zeros({16, 15});
  });
  CHECK(result.starts_with("CHECKPOINT_MISMATCH: "));
  CHECK(contains(result, "1 missing: classifier.bias [3]."));
  CHECK(contains(result, "1 of another shape: " + std::string(kQuery) + " [16, 15] instead of [16, 16]."));
  CHECK(contains(result, "1 left over: videomae.pooler.weight [5, 6]."));
}

TEST_CASE("checkpoint: long lists are cut and counted") {
  const std::string result = reading([](Checkpoint& it) { it.weights.clear(); });
  CHECK(result.starts_with("CHECKPOINT_MISMATCH: "));
  const std::size_t missing = tinyCheckpoint("videomae").weights.size();
  CHECK(contains(result, std::to_string(missing) + " missing: "));
  CHECK(contains(result, " and " + std::to_string(missing - 12) + " more."));
  CHECK(result.size() < 2000);
}

TEST_CASE("checkpoint: a weight that is not finite is refused by name") {
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity(), -1e39}) {
    CAPTURE(value);
    const std::string result = reading([&](Checkpoint& it) {
      it.weights[kQuery] = it.weights.at(kQuery).to(at::kDouble);
      it.weights[kQuery][3][5] = value;
    });
    CHECK(result.starts_with("MODEL_INVALID: "));
    CHECK(contains(result, "tensor \"" + std::string(kQuery) + "\" holds values that are not finite"));
  }
  CHECK(reading([](Checkpoint& it) { it.weights[kQuery][3][5] = 3.4e38; }) == "ok");
}

TEST_CASE("checkpoint: integer weights are refused by name") {
  const std::string result = reading([](Checkpoint& it) { it.weights[kQuery] = it.weights[kQuery].to(at::kLong); });
  CHECK(result.starts_with("MODEL_INVALID: "));
  CHECK(contains(result, "tensor \"" + std::string(kQuery) + "\" has type Long"));
}

TEST_CASE("checkpoint: a configuration that the program cannot run is refused with the reasons") {
  const std::string result = reading([](Checkpoint& it) { it.config["num_hidden_layers"] = 1e9; });
  CHECK(result.starts_with("MODEL_INVALID: config.json asks for a model that cannot be run: num_hidden_layers"));
}

TEST_CASE("checkpoint: a file that is written to while it is read is refused") {
  for (const auto format : {ModelSpec::Format::Safetensors, ModelSpec::Format::PytorchBin}) {
    const Folder folder;
    const ModelSpec spec = tinyCheckpoint("videomae").save(folder, format);
    const Program program(spec.programPath);
    const std::string bytes = readFile(spec.weightFiles[0]);
    const auto reading = [&] { return outcome([&] { readCheckpoint(spec, program, CancelToken()); }); };
    REQUIRE(reading() == "ok");

    // The same bytes over and over, so that only the time of the change shows it.
    std::atomic<bool> done{false};
    std::thread writer([&] {
      std::fstream file(spec.weightFiles[0], std::ios::in | std::ios::out | std::ios::binary);
      while (!done) {
        file.seekp(0).write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
        std::this_thread::yield();
      }
    });
    // The clock of a file system ticks every few milliseconds, and a reading may fall between two ticks.
    std::string result = "ok";
    for (int i = 0; i < 10'000 && result == "ok"; ++i) result = reading();
    done = true;
    writer.join();
    CHECK(result == "READ_FAILED: " + spec.weightFiles[0] + " changed while it was read: try again. ()");
  }
}

TEST_CASE("checkpoint: another file than the one that was meant is refused") {
  const Folder folder;
  ModelSpec spec = tinyCheckpoint("videomae").save(folder);
  const std::string& path = spec.weightFiles[0];
  const auto reading = [&] { return outcome([&] { readCheckpoint(spec, Program(spec.programPath), CancelToken()); }); };
  spec.identities = {openTensorFile(spec.format, path)->identity()};
  CHECK(reading() == "ok");
  const std::string copy = folder.write("copy", readFile(path));
  std::filesystem::rename(copy, path);
  CHECK(reading() == "READ_FAILED: " + path + " changed while it was read: try again. ()");
}

TEST_CASE("checkpoint: a file that gets longer after it was opened, or another name, or nothing") {
  const Folder folder;
  const ModelSpec spec = tinyCheckpoint("videomae").save(folder);
  const std::string& path = spec.weightFiles[0];
  const auto file = openTensorFile(spec.format, path);
  file->requireUnchanged();
  std::filesystem::create_hard_link(path, folder.path("link"));
  file->requireUnchanged();
  std::ofstream(path, std::ios::app) << '\0';
  CHECK(outcome([&] { file->requireUnchanged(); }).starts_with("READ_FAILED: " + path + " changed"));
}

TEST_CASE("checkpoint: a cancelled token stops the reading") {
  const Folder folder;
  const ModelSpec spec = tinyCheckpoint("videomae").save(folder);
  CancelToken token;
  token.cancel();
  CHECK(outcome([&] { readCheckpoint(spec, Program(spec.programPath), token); }) == "cancelled");
}
