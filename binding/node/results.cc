#include "node/results.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tubelet::node {
namespace {

/// An ArrayBuffer over `bytes` bytes at `data` that keeps `owner` alive, or a copy where the host forbids external
/// memory. JavaScript may write into it, so nothing else may keep using it.
template <typename Owner>
Napi::ArrayBuffer handOver(Napi::Env env, void* data, std::size_t bytes, Owner owner) {
  if (bytes == 0) return Napi::ArrayBuffer::New(env, 0);  // one over no memory would be a detached one
  const auto release = [](napi_env, void*, void* hint) { std::unique_ptr<Owner>(static_cast<Owner*>(hint)); };
  auto kept = std::make_unique<Owner>(std::move(owner));
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, release, kept.get(), &buffer);
  if (status == napi_ok) {
    static_cast<void>(kept.release());
    return {env, buffer};
  }
  if (status != napi_no_external_buffers_allowed) NAPI_THROW_IF_FAILED_VOID(env, status);
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes);
  std::copy_n(static_cast<const std::uint8_t*>(data), bytes, static_cast<std::uint8_t*>(copy.Data()));
  return copy;
}

Napi::Float32Array floats(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Array sizes(Napi::Env env, const std::vector<std::int64_t>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::uint32_t i = 0; i < array.Length(); ++i) array.Set(i, static_cast<double>(values[i]));
  return array;
}

/// A vector is small, and JavaScript can transfer its own memory to another thread; a grid has megabytes.
Napi::Float32Array embedding(Napi::Env env, model::Output& output) {
  if (output.shape.size() == 1) return floats(env, output.embedding);
  const std::size_t length = output.embedding.size();
  float* data = output.embedding.data();  // a moved vector keeps its memory
  const Napi::ArrayBuffer buffer = handOver(env, data, length * sizeof(float), std::move(output.embedding));
  return Napi::Float32Array::New(env, length, buffer, 0);
}

template <typename Value>
Napi::Value orNull(Napi::Env env, const std::optional<Value>& value) {
  return value ? Napi::Number::New(env, *value) : env.Null();
}

Napi::Object clipInfo(Napi::Env env, const video::ClipInfo& info) {
  Napi::Array timestamps = Napi::Array::New(env, info.timestamps.size());
  for (std::uint32_t i = 0; i < timestamps.Length(); ++i) timestamps.Set(i, info.timestamps[i]);

  Napi::Object result = Napi::Object::New(env);
  result.Set("timestamps", timestamps);
  result.Set("start", info.start);
  result.Set("end", info.end);
  result.Set("repeated", info.repeated);
  result.Set("tooShort", info.tooShort);
  result.Set("toneMapped", info.toneMapped);
  result.Set("warnings", textsToJs(env, info.warnings));
  return result;
}

Napi::Object streamInfo(Napi::Env env, const video::StreamInfo& stream) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("index", stream.index);
  result.Set("type", stream.type);
  result.Set("codec", stream.codec);
  result.Set("isDefault", stream.isDefault);
  result.Set("attachedPicture", stream.attachedPicture);
  return result;
}

}  // namespace

Napi::Object toJs(Napi::Env env, const video::VideoInfo& info) {
  Napi::Array streams = Napi::Array::New(env, info.streams.size());
  for (std::uint32_t i = 0; i < streams.Length(); ++i) streams.Set(i, streamInfo(env, info.streams[i]));

  Napi::Object result = Napi::Object::New(env);
  result.Set("container", info.container);
  result.Set("codec", info.codec);
  result.Set("pixelFormat", info.pixelFormat);
  result.Set("streamIndex", info.streamIndex);
  result.Set("width", info.width);
  result.Set("height", info.height);
  result.Set("codedWidth", info.codedWidth);
  result.Set("codedHeight", info.codedHeight);
  result.Set("rotation", info.rotation);
  result.Set("mirrored", info.mirrored);
  result.Set("sampleAspectRatio", info.sampleAspectRatio);
  result.Set("fps", orNull(env, info.fps));
  result.Set("duration", orNull(env, info.duration));
  result.Set("colorMatrix", info.colorMatrix);
  result.Set("colorRange", info.colorRange);
  result.Set("colorPrimaries", info.colorPrimaries);
  result.Set("colorTransfer", info.colorTransfer);
  result.Set("bytes", static_cast<double>(info.bytes));
  result.Set("streams", streams);
  return result;
}

Napi::Object framesToJs(Napi::Env env, FramesWork& work) {
  Napi::Object result = clipInfo(env, work.info);
  const std::size_t bytes = work.rgb.size();
  std::uint8_t* data = work.rgb.data();  // a moved vector keeps its memory
  const Napi::ArrayBuffer buffer = handOver(env, data, bytes, std::move(work.rgb));
  result.Set("data", Napi::Uint8Array::New(env, bytes, buffer, 0));
  result.Set("width", work.width);
  result.Set("height", work.height);
  result.Set("decodeMs", work.decodeMs);
  return result;
}

Napi::Object pixelsToJs(Napi::Env env, ClipWork& work) {
  Napi::Object result = clipInfo(env, work.info);
  const at::Tensor pixels = work.pixels.contiguous();
  work.pixels.reset();
  Napi::Array shape = Napi::Array::New(env, 4);
  for (std::uint32_t i = 0; i < shape.Length(); ++i) shape.Set(i, static_cast<double>(pixels.size(i + 1)));

  const Napi::ArrayBuffer buffer = handOver(env, pixels.mutable_data_ptr(), pixels.nbytes(), pixels);
  result.Set("data", Napi::Float32Array::New(env, static_cast<std::size_t>(pixels.numel()), buffer, 0));
  result.Set("shape", shape);
  return result;
}

Napi::Object outputToJs(Napi::Env env, ClipWork& work) {
  Napi::Object result = clipInfo(env, work.info);
  result.Set("logits", floats(env, work.output.logits));
  result.Set("scores", floats(env, work.output.scores));
  result.Set("embedding", embedding(env, work.output));
  result.Set("shape", sizes(env, work.output.shape));
  result.Set("decodeMs", work.decodeMs);
  result.Set("prepareMs", work.prepareMs);
  result.Set("inferMs", work.inferMs);
  return result;
}

Napi::Object windowToJs(Napi::Env env, WindowWork& window) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("index", static_cast<double>(window.index));
  result.Set("start", window.range.start);
  result.Set("end", window.range.end);
  result.Set("output", outputToJs(env, window.clip));
  return result;
}

Napi::Array textsToJs(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < array.Length(); ++i) array.Set(i, texts[i]);
  return array;
}

}  // namespace tubelet::node
