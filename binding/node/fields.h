#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tubelet::node {

/// Checks of single JavaScript values. Each copies the value, where it does not say otherwise, or throws
/// Error(INVALID_ARGUMENT) that says what `name` must be.

[[noreturn]] void refuse(const std::string& name, const std::string& wanted);

std::string text(const Napi::Value& value, const std::string& name);
/// C's functions would take a path with a NUL in it for a shorter one.
std::string path(const Napi::Value& value, const std::string& name);
double number(const Napi::Value& value, const std::string& name);
/// `most` is at most 2^53.
std::int64_t wholeNumber(const Napi::Value& value, const std::string& name, std::int64_t least, std::int64_t most);
int integer(const Napi::Value& value, const std::string& name, int least, int most);
bool flag(const Napi::Value& value, const std::string& name);
Napi::Array array(const Napi::Value& value, const std::string& name);
std::vector<double> numbers(const Napi::Value& value, const std::string& name);
/// The contents of a Uint8Array, where they are: the caller keeps that.
std::span<const std::uint8_t> bytes(const Napi::Value& value, const std::string& name);

template <typename Enumeration>
using Choices = std::initializer_list<std::pair<std::string_view, Enumeration>>;

template <typename Enumeration>
Enumeration choice(const Napi::Value& value, const std::string& name, Choices<Enumeration> choices) {
  const std::string given = text(value, name);
  std::string known;
  for (const auto& [word, meaning] : choices) {
    if (given == word) return meaning;
    known += (known.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  refuse(name, "one of " + known);
}

/// An object and its name, so that a complaint about a field says where it is.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string name);

  Napi::Value get(const char* key) const { return object_.Get(key); }
  std::string name(const char* key) const { return name_ + "." + key; }
  const Napi::Object& object() const { return object_; }

  std::string text(const char* key) const { return node::text(get(key), name(key)); }
  std::string path(const char* key) const { return node::path(get(key), name(key)); }
  double number(const char* key) const { return node::number(get(key), name(key)); }
  std::int64_t wholeNumber(const char* key, std::int64_t least, std::int64_t most) const {
    return node::wholeNumber(get(key), name(key), least, most);
  }
  int integer(const char* key, int least, int most) const { return node::integer(get(key), name(key), least, most); }
  bool flag(const char* key) const { return node::flag(get(key), name(key)); }
  std::vector<double> numbers(const char* key) const { return node::numbers(get(key), name(key)); }
  std::span<const std::uint8_t> bytes(const char* key) const { return node::bytes(get(key), name(key)); }
  template <typename Enumeration>
  Enumeration choice(const char* key, Choices<Enumeration> choices) const {
    return node::choice(get(key), name(key), choices);
  }

 private:
  Napi::Object object_;
  std::string name_;
};

}  // namespace tubelet::node
