#include "node/fields.h"

#include <cmath>

#include "engine/error.h"

namespace tubelet::node {

void refuse(const std::string& name, const std::string& wanted) {
  throw Error(ErrorCode::InvalidArgument, name + " must be " + wanted + ".");
}

std::string text(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) refuse(name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

std::string path(const Napi::Value& value, const std::string& name) {
  std::string result = text(value, name);
  if (result.empty() || result.find('\0') != std::string::npos) refuse(name, "a path");
  return result;
}

double number(const Napi::Value& value, const std::string& name) {
  const double result = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!std::isfinite(result)) refuse(name, "a finite number");
  return result;
}

std::int64_t wholeNumber(const Napi::Value& value, const std::string& name, std::int64_t least, std::int64_t most) {
  const double result = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(result >= static_cast<double>(least) && result <= static_cast<double>(most)) || result != std::floor(result)) {
    refuse(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<std::int64_t>(result);
}

int integer(const Napi::Value& value, const std::string& name, int least, int most) {
  return static_cast<int>(wholeNumber(value, name, least, most));
}

bool flag(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) refuse(name, "true or false");
  return value.As<Napi::Boolean>().Value();
}

Napi::Array array(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) refuse(name, "an array");
  return value.As<Napi::Array>();
}

std::vector<double> numbers(const Napi::Value& value, const std::string& name) {
  const Napi::Array list = array(value, name);
  std::vector<double> result;
  result.reserve(list.Length());
  for (std::uint32_t i = 0; i < list.Length(); ++i) result.push_back(number(list.Get(i), name));
  return result;
}

std::span<const std::uint8_t> bytes(const Napi::Value& value, const std::string& name) {
  const bool isBytes = value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  if (!isBytes) refuse(name, "a Uint8Array");
  const auto given = value.As<Napi::Uint8Array>();
  return {given.Data(), given.ByteLength()};
}

Fields::Fields(const Napi::Value& value, std::string name) : name_(std::move(name)) {
  if (!value.IsObject()) refuse(name_, "an object");
  object_ = value.As<Napi::Object>();
}

}  // namespace tubelet::node
