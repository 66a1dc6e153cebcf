#include "model/weights/safetensors.h"

#include <doctest/doctest.h>

#include <filesystem>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

/// What comes of opening `bytes` as a safetensors file and reading every tensor in it.
std::string opening(std::string_view bytes, const Folder& folder = Folder()) {
  const std::string path = folder.write("model.safetensors", bytes);
  return outcome([&] {
    Safetensors file(path);
    for (std::size_t i = 0; i < file.entries().size(); ++i) file.read(i);
  });
}

std::string openingHeader(std::string_view header, std::size_t dataBytes = 16) {
  return opening(safetensors(header, std::string(dataBytes, '\0')));
}

/// A header with one tensor "a".
std::string one(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

}  // namespace

TEST_CASE("safetensors: values, shapes and names come through, whatever floating-point type they have") {
  const at::Tensor values = at::arange(6, at::kFloat).reshape({2, 3}) - 2.5;
  const Folder folder;
  Safetensors file(folder.write("model.safetensors", safetensors(Weights{{"bf16", values.to(at::kBFloat16)},
                                                                         {"f16", values.to(at::kHalf)},
                                                                         {"f32", values},
                                                                         {"f64", values.to(at::kDouble)}})));
  REQUIRE(file.entries().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(file.entries()[i].name);
    CHECK(file.entries()[i].shape == std::vector<std::int64_t>{2, 3});
    const at::Tensor read = file.read(i);
    CHECK((read.scalar_type() == at::kFloat));
    CHECK(read.is_contiguous());
    CHECK(read.equal(values));
  }
  CHECK(file.entries()[0].name == "bf16");
  CHECK((file.entries()[3].type == at::kDouble));
}

TEST_CASE("safetensors: metadata, scalars, empty tensors and padding after the header are legal") {
  CHECK(openingHeader(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                      R"("b":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}     )",
                      4) == "ok");
  CHECK(openingHeader("{}", 0) == "ok");
}

TEST_CASE("safetensors: integers may be there but not be read as weights") {
  const Folder folder;
  Safetensors file(folder.write("a", safetensors(one("I64", "[2]", "[0,16]"), std::string(16, '\0'))));
  CHECK((file.entries()[0].type == at::kLong));
  CHECK(
      contains(outcome([&] { file.read(0); }), "MODEL_INVALID: " + folder.path("a") + ": tensor \"a\" has type Long"));
}

TEST_CASE("safetensors: what breaks the format's rules is refused, with what was found") {
  const auto refused = [](const std::string& result, const std::string& why) {
    CAPTURE(result);
    CHECK(result.starts_with("MODEL_INVALID: "));
    CHECK(contains(result, why));
  };
  refused(opening(""), "has 0 bytes");
  refused(opening("1234567"), "has 7 bytes");
  refused(opening(std::string(8, '\xff')), "header of 18446744073709551615 bytes");
  refused(opening(std::string("\x01\0\0\x01\0\0\0\0", 8)), "header of 16777217 bytes; at most 16777216 are read");
  refused(opening(std::string("\0\0\0\x01\0\0\0\0", 8)), "header of 16777216 bytes but has only 8");
  refused(opening(std::string("\x10\0\0\0\0\0\0\0{}", 10)), "header of 16 bytes but has only 10");
  refused(openingHeader("not JSON"), "not valid JSON");
  refused(openingHeader("[]"), "not a JSON object");
  refused(openingHeader(R"({"a":{"a":{"a":{"a":{}}}}})"), "nested deeper");
  refused(openingHeader(std::string(100000, '[')), "nested deeper");
  refused(openingHeader(R"({"a":3})"), "lacks a proper dtype");
  refused(openingHeader(R"({"a":{"dtype":"F32","shape":[4]}})"), "lacks a proper dtype");
  refused(openingHeader(one("F31", "[4]", "[0,16]")), "dtype \"F31\"");
  refused(openingHeader(one("F32", "[-4]", "[0,16]")), "not natural numbers");
  refused(openingHeader(one("F32", "[4.0]", "[0,16]")), "not natural numbers");
  refused(openingHeader(one("F32", "[4]", "[0,16,16]")), "not natural numbers");
  refused(openingHeader(one("F32", "[5]", "[0,16]")), "takes 20 bytes, but its data_offsets are 0 to 16");
  refused(openingHeader(one("F32", "[4]", "[16,0]")), "data_offsets are 16 to 0");
  refused(openingHeader(one("F32", "[8]", "[0,32]")), "ends at byte 32 of the data, but the file holds only 16");
  refused(openingHeader(one("F32", "[2]", "[8,16]")), "starts at byte 8 of the data where 0 is expected");
  refused(openingHeader(one("F32", "[2]", "[0,8]")), "holds 8 bytes after its last tensor");
  // Products that overflow: to 0, to a small number, to a negative one.
  refused(openingHeader(one("F32", "[4294967296,4294967296]", "[0,0]")), "impossible shape");
  refused(openingHeader(one("F32", "[9223372036854775807,2]", "[0,16]")), "impossible shape");
  refused(openingHeader(one("F32", "[18446744073709551615]", "[0,16]")), "impossible shape");
  refused(openingHeader(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                        R"("b":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}})"),
          "starts at byte 4 of the data where 8 is expected");
  refused(openingHeader(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                        R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})"),
          "names \"a\" twice");
}

TEST_CASE("safetensors: other things than files") {
  const Folder folder;
  CHECK(outcome([&] { Safetensors(folder.path("absent")); }).starts_with("FILE_NOT_FOUND: "));
  std::filesystem::create_symlink("loop", folder.path("loop"));
  CHECK(outcome([&] { Safetensors(folder.path("loop")); }) ==
        "READ_FAILED: " + folder.path("loop") +
            ": cannot open the file: Too many levels of symbolic links. (Too many levels of symbolic links)");
  CHECK(contains(outcome([&] { Safetensors(folder.path("")); }), "not a regular file"));
}

TEST_CASE("safetensors: a file that is shortened after it was opened") {
  const Folder folder;
  const std::string path = folder.write("a", safetensors(Weights{{"a", at::full({1000}, 1.0F)}}));
  Safetensors file(path);
  std::filesystem::resize_file(path, 2000);
  CHECK(contains(outcome([&] { file.read(0); }), "MODEL_INVALID: " + path + ": ends at byte 2000"));
}

TEST_CASE("safetensors: no truncation and no flipped byte does worse than a refusal") {
  const std::string good = safetensors(Weights{{"first", at::full({2, 3}, 1.0F)}, {"second", at::full({4}, 2.0F)}});
  REQUIRE(opening(good) == "ok");
  const Folder folder;
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK(opening(good.substr(0, length), folder).starts_with("MODEL_INVALID: "));
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const std::string result = opening(bad, folder);
      CAPTURE(i);
      CAPTURE(result);
      CHECK((result == "ok" || result.starts_with("MODEL_INVALID: ")));
    }
  }
}
