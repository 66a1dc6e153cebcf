#include "model/weights/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <optional>
#include <unordered_set>
#include <utility>

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

namespace tubelet::model {

namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian and read as it is");

/// The largest published headers have some hundred kilobytes; the parsed form takes many times the text's size.
constexpr std::uint64_t kMaxHeaderBytes = 16 << 20;
constexpr std::size_t kMaxDimensions = 16;

std::optional<at::ScalarType> scalarType(const std::string& name) {
  static constexpr std::pair<const char*, at::ScalarType> kTypes[] = {
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
      {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool},
  };
  for (const auto& [key, type] : kTypes) {
    if (name == key) return type;
  }
  return std::nullopt;
}

/// Parses JSON, refusing what the parser by itself would let pass: a name given twice (the last one would win) and
/// nesting deeper than the format has.
Json parseStrictly(const std::string& text, const std::string& path) {
  std::vector<std::unordered_set<std::string>> names;
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    // header > tensor > "shape" or "data_offsets" > number
    if (depth > 3) throw invalidFile(path, "its header is nested deeper than the safetensors format allows.");
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      throw invalidFile(path, "its header names \"" + parsed.get<std::string>() + "\" twice.");
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& error) {
    throw invalidFile(path, "its header is not valid JSON: this is not a safetensors file, or it is damaged.",
                      error.what());
  }
}

}  // namespace

Safetensors::Safetensors(std::string path) : file_(std::move(path)) {
  parseHeader(readHeader());
  checkLayout();
}

std::string Safetensors::readHeader() {
  std::uint64_t length = 0;
  if (file_.size() < sizeof length) {
    throw invalidFile(file_.path(), "has " + std::to_string(file_.size()) +
                                        " bytes, too few for a safetensors file. Copy or download it again.");
  }
  file_.read(0, &length, sizeof length);
  if (length > kMaxHeaderBytes) {
    throw invalidFile(file_.path(), "announces a header of " + std::to_string(length) + " bytes; at most " +
                                        std::to_string(kMaxHeaderBytes) + " are read. Is it a safetensors file?");
  }
  dataStart_ = sizeof length + length;
  if (dataStart_ > file_.size()) {
    throw invalidFile(file_.path(), "announces a header of " + std::to_string(length) + " bytes but has only " +
                                        std::to_string(file_.size()) +
                                        " in all. It is truncated: copy or download it again.");
  }
  std::string header(length, '\0');
  file_.read(sizeof length, header.data(), header.size());
  return header;
}

void Safetensors::parseHeader(const std::string& text) {
  const Json header = parseStrictly(text, file_.path());
  if (!header.is_object()) throw invalidFile(file_.path(), "its header is not a JSON object.");
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") continue;  // free text about the file
    const auto fail = [&, &key = name](const std::string& what) {
      return invalidFile(file_.path(), std::string("tensor \"").append(key).append("\" ").append(what));
    };
    const auto type = value.is_object() ? value.find("dtype") : value.end();
    const auto shape = value.is_object() ? value.find("shape") : value.end();
    const auto offsets = value.is_object() ? value.find("data_offsets") : value.end();
    if (type == value.end() || shape == value.end() || offsets == value.end() || !type->is_string() ||
        !shape->is_array() || !offsets->is_array()) {
      throw fail("lacks a proper dtype, shape or data_offsets in the header.");
    }
    const auto natural = [](const Json& number) { return number.is_number_unsigned(); };
    if (shape->size() > kMaxDimensions || !std::all_of(shape->begin(), shape->end(), natural) || offsets->size() != 2 ||
        !std::all_of(offsets->begin(), offsets->end(), natural)) {
      throw fail("has a shape or data_offsets that are not natural numbers of the right count.");
    }
    const std::optional<at::ScalarType> scalar = scalarType(type->get<std::string>());
    if (!scalar) throw fail("has the unknown or unsupported dtype \"" + type->get<std::string>() + "\".");

    entries_.push_back({name, *scalar, shape->get<std::vector<std::int64_t>>()});
    spans_.push_back({(*offsets)[0].get<std::uint64_t>(), (*offsets)[1].get<std::uint64_t>()});
  }
}

void Safetensors::checkLayout() const {
  const std::uint64_t dataBytes = file_.size() - dataStart_;
  std::vector<std::size_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(spans_[a].begin, spans_[a].end) < std::pair(spans_[b].begin, spans_[b].end);
  });

  std::uint64_t expected = 0;
  for (const std::size_t i : order) {
    const auto [begin, end] = spans_[i];
    const auto fail = [&](const std::string& what) {
      return invalidFile(file_.path(), "tensor \"" + entries_[i].name + "\" " + what);
    };
    const auto bytes = static_cast<std::uint64_t>(checkedBytes(entries_[i], file_.path()));
    if (end < begin || end - begin != bytes) {
      throw fail("of type " + std::string(at::toString(entries_[i].type)) + " and shape " +
                 shapeText(entries_[i].shape) + " takes " + std::to_string(bytes) +
                 " bytes, but its data_offsets are " + std::to_string(begin) + " to " + std::to_string(end) + ".");
    }
    if (end > dataBytes) {
      throw fail("ends at byte " + std::to_string(end) + " of the data, but the file holds only " +
                 std::to_string(dataBytes) + ". It is truncated: copy or download it again.");
    }
    if (begin != expected) {
      throw fail("starts at byte " + std::to_string(begin) + " of the data where " + std::to_string(expected) +
                 " is expected: tensors must neither overlap nor leave gaps.");
    }
    expected = end;
  }
  if (expected != dataBytes) {
    throw invalidFile(file_.path(), "holds " + std::to_string(dataBytes - expected) +
                                        " bytes after its last tensor that no tensor accounts for.");
  }
}

at::Tensor Safetensors::read(std::size_t index) {
  const TensorEntry& entry = entries_.at(index);
  requireFloatingPoint(entry, path());
  const Span& span = spans_[index];
  at::Tensor tensor = at::empty(entry.shape, entry.type);
  file_.read(dataStart_ + span.begin, tensor.data_ptr(), span.end - span.begin);
  return tensor.to(at::kFloat);
}

}  // namespace tubelet::model
