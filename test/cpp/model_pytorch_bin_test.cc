#include "model/weights/pytorch_bin.h"

#include <doctest/doctest.h>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

std::string opening(std::string_view bytes, const Folder& folder = Folder()) {
  const std::string path = folder.write("pytorch_model.bin", bytes);
  return outcome([&] {
    PytorchBin file(path);
    for (std::size_t i = 0; i < file.entries().size(); ++i) file.read(i);
  });
}

/// An archive with one float tensor "a" on the storage "0", whose record is `record`.
std::string single(std::int64_t claimed, const PickleWriter::View& view, const std::string& record) {
  PickleWriter pickle;
  pickle.op('}').text("a").tensor("FloatStorage", "0", claimed, view).op('s');
  return archive({{"data.pkl", pickle.finished()}, {"data/0", record}});
}

void refused(const std::string& result, const std::string& why) {
  CAPTURE(result);
  CHECK(result.starts_with("MODEL_INVALID: "));
  CHECK(contains(result, why));
}

}  // namespace

TEST_CASE("pytorch_model.bin: values, shapes and names come through, whatever floating-point type they have") {
  const at::Tensor values = at::arange(6, at::kFloat).reshape({2, 3}) - 2.5;
  const Folder folder;
  PytorchBin file(folder.write("a", pytorchBin(Weights{{"bf16", values.to(at::kBFloat16)},
                                                       {"f16", values.to(at::kHalf)},
                                                       {"f32", values},
                                                       {"f64", values.to(at::kDouble)}})));
  REQUIRE(file.entries().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(file.entries()[i].name);
    const at::Tensor read = file.read(i);
    CHECK((read.scalar_type() == at::kFloat));
    CHECK(read.is_contiguous());
    CHECK(read.equal(values));
  }
}

TEST_CASE("pytorch_model.bin: views with an offset, transposed or sharing a storage are copied out dense") {
  PickleWriter pickle;
  pickle.op('}').op('(');
  pickle.text("part").tensor("FloatStorage", "0", 6, {{2}, {1}, 4});
  pickle.text("transposed").tensor("FloatStorage", "0", 6, {{3, 2}, {1, 3}});
  pickle.text("scalar").tensor("FloatStorage", "0", 6, {{}, {}, 3});
  pickle.text("none").tensor("FloatStorage", "0", 6, {{0, 4}, {4, 1}, 6});
  pickle.op('u');
  const Folder folder;
  PytorchBin file(folder.write(
      "a", archive({{"data.pkl", pickle.finished()}, {"data/0", bytesOf(std::vector<float>{0, 1, 2, 3, 4, 5})}})));
  const at::Tensor all = at::arange(6, at::kFloat);
  CHECK(file.read(0).equal(all.slice(0, 4)));
  CHECK(file.read(1).equal(all.reshape({2, 3}).t()));
  CHECK(file.read(1).is_contiguous());
  CHECK(file.read(2).item<float>() == 3);
  CHECK(file.read(3).numel() == 0);
}

TEST_CASE("pytorch_model.bin: a storage or view larger than its record is refused before it is read") {
  const std::string record = bytesOf(std::vector<float>(6, 1.0F));
  CHECK(opening(single(6, {{6}, {1}}, record)) == "ok");
  refused(opening(single(7, {{6}, {1}}, record)),
          "claims a storage of 7 elements of 4 bytes, but its record data/0 has 24");
  refused(opening(single(1LL << 61, {{6}, {1}}, record)), "claims a storage of");
  refused(opening(single(-1, {{6}, {1}}, record)), "claims a storage of -1");
  const auto outside = "does not fit into its storage";
  refused(opening(single(6, {{7}, {1}}, record)), outside);
  refused(opening(single(5, {{6}, {1}}, record)), outside);
  refused(opening(single(6, {{6}, {1}, 1}, record)), outside);
  refused(opening(single(6, {{6}, {1}, -1}, record)), outside);
  refused(opening(single(6, {{2, 3}, {4, 1}}, record)), outside);
  refused(opening(single(6, {{2}, {-1}, 1}, record)), outside);
  refused(opening(single(6, {{3}, {1LL << 62}}, record)), outside);
  refused(opening(single(6, {{2}, {1}, 1LL << 62}, record)), outside);
  refused(opening(single(6, {{1000000}, {0}}, record)), outside);  // one float, repeated
  refused(opening(single(6, {{-1}, {1}}, record)), "impossible shape");
  refused(opening(single(6, {{1LL << 32, 1LL << 32}, {0, 0}}, record)), "impossible shape");
  refused(opening(single(6, {{2, 3}, {1}}, record)), "unequal numbers of sizes and strides");
}

TEST_CASE("pytorch_model.bin: many views of one storage may not ask for more memory than the file justifies") {
  const auto views = [](int count) {
    PickleWriter pickle;
    pickle.op('}');
    for (int i = 0; i < count; ++i) {
      pickle.text(std::to_string(i)).tensor("FloatStorage", "0", 100000, {{100000}, {1}}).op('s');
    }
    return archive({{"data.pkl", pickle.finished()}, {"data/0", std::string(400000, '\0')}});
  };
  CHECK(opening(views(2)) == "ok");
  refused(opening(views(20)), "too many share a storage");
}

TEST_CASE("pytorch_model.bin: what is no such archive is refused, with what it is") {
  const std::string pickle = PickleWriter().op('}').finished();
  CHECK(opening(archive({{"data.pkl", pickle}})) == "ok");
  refused(opening(""), "has 0 bytes");
  refused(opening(std::string("\x80\x02\x8a\x0a\x6c\xfc", 6)), "format from before 1.6");
  refused(opening("{\"a\": 1}"), "is not a PyTorch checkpoint");
  refused(opening(safetensors("{}", "")), "is not a PyTorch checkpoint");
  refused(opening(archive({{"constants.pkl", pickle}})), "lacks the record \"data.pkl\"");
  refused(opening(archive({{"data.pkl", pickle}, {"byteorder", "big"}})), "byte order \"big\"");
  refused(opening(archive({{"data.pkl", std::string(5 << 20, 'N')}})), "data.pkl has 5242880 bytes");
  PickleWriter absent;
  absent.op('}').text("a").tensor("FloatStorage", "7", 1, {{1}, {1}}).op('s');
  refused(opening(archive({{"data.pkl", absent.finished()}})), "lacks the record \"data/7\"");
}

TEST_CASE("pytorch_model.bin: compressed records are refused before anything unpacks them") {
  std::string bytes;
  {
    caffe2::serialize::PyTorchStreamWriter writer([&bytes](const void* data, std::size_t size) {
      bytes.append(static_cast<const char*>(data), size);
      return size;
    });
    const std::string zeros(1 << 20, '\0');
    writer.writeRecord("data/0", zeros.data(), zeros.size(), /*compress=*/true);
    writer.writeEndOfFile();
  }
  refused(opening(bytes), "holds compressed records (zip method 8)");
}

TEST_CASE("pytorch_model.bin: no truncation and no flipped byte does worse than a refusal") {
  const std::string good = pytorchBin(Weights{{"first", at::full({2, 3}, 1.0F)}, {"second", at::full({4}, 2.0F)}});
  REQUIRE(opening(good) == "ok");
  const Folder folder;
  const auto check = [&folder](const std::string& bytes, std::size_t position) {
    const std::string result = opening(bytes, folder);
    if (result == "ok" || result.starts_with("MODEL_INVALID: ")) return;
    CAPTURE(position);
    FAIL_CHECK(result);
  };
  for (std::size_t length = 0; length < good.size(); ++length) check(good.substr(0, length), length);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0xff}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      check(bad, i);
    }
  }
}
