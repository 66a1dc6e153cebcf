#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "node/arguments.h"
#include "node/fields.h"

namespace tubelet::node {
namespace {

constexpr int kMaxFrames = 1 << 16;
constexpr int kMaxClips = 1 << 8;
constexpr int kMaxSide = 1 << 16;
constexpr int kMaxStreams = 1 << 20;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;  ///< JavaScript's numbers are exact up to here

/// Bytes, and how messages call what they are.
BytesInput memory(const Fields& fields) {
  return {fields.bytes("bytes"), fields.text("name")};
}

video::RawFrames rawFrames(const Fields& fields) {
  video::RawFrames frames;
  frames.width = fields.integer("width", 1, kMaxSide);
  frames.height = fields.integer("height", 1, kMaxSide);
  frames.channels = fields.integer("channels", 1, 4);
  if (frames.channels == 2) refuse(fields.name("channels"), "1, 3 or 4");
  frames.timestamps = fields.numbers("timestamps");
  frames.end = fields.number("end");
  frames.data = fields.bytes("data");
  // Divided rather than multiplied up: the product may overflow.
  const std::size_t frame = static_cast<std::size_t>(frames.width) * static_cast<std::size_t>(frames.height) *
                            static_cast<std::size_t>(frames.channels);
  if (frames.timestamps.empty() || frames.data.size() % frame != 0 ||
      frames.data.size() / frame != frames.timestamps.size()) {
    refuse(fields.name("data"),
           "width x height x channels bytes for each of timestamps, of which there is one at least");
  }
  return frames;
}

std::vector<std::int64_t> indices(const Napi::Value& value, const std::string& name) {
  const Napi::Array list = array(value, name);
  std::vector<std::int64_t> result;
  for (std::uint32_t i = 0; i < list.Length(); ++i) result.push_back(wholeNumber(list.Get(i), name, 0, kMaxCount));
  return result;
}

/// The fields of `result` that the clips of a test protocol need.
void protocol(const Napi::Value& value, const std::string& name, video::Sampling& result) {
  using Protocol = video::Sampling::Protocol;
  const Fields fields(value, name);
  result.protocol = fields.choice<Protocol>("name", {{"videomae", Protocol::VideoMae},
                                                     {"videomae-even", Protocol::VideoMaeEven},
                                                     {"timesformer", Protocol::TimeSformer},
                                                     {"timesformer-even", Protocol::TimeSformerEven},
                                                     {"vivit", Protocol::Vivit}});
  result.clips = fields.integer("clips", 1, kMaxClips);
  result.stride = fields.number("stride");
  result.fps = fields.number("fps");
  if (!(result.stride > 0)) refuse(fields.name("stride"), "a number above 0");
  if (!(result.fps > 0)) refuse(fields.name("fps"), "a number above 0");
}

video::Sampling sampling(const Napi::Value& value, const std::string& name) {
  using Mode = video::Sampling::Mode;
  using Padding = video::Sampling::Padding;
  const Fields fields(value, name);
  video::Sampling result;
  result.mode = fields.choice<Mode>("mode", {{"trained", Mode::Trained},
                                             {"spread", Mode::Spread},
                                             {"consecutive", Mode::Consecutive},
                                             {"timestamps", Mode::Timestamps},
                                             {"indices", Mode::Indices},
                                             {"protocol", Mode::Protocol}});
  if (result.mode == Mode::Protocol) protocol(fields.get("protocol"), fields.name("protocol"), result);
  result.frames = fields.integer("frames", 1, kMaxFrames);
  result.interval = fields.number("interval");
  if (result.interval < 0 || (result.mode == Mode::Trained && result.interval == 0)) {
    refuse(fields.name("interval"), "the seconds between two frames, more than 0 when sampling as 'trained'");
  }
  result.padding = fields.choice<Padding>("padding", {{"repeat-last", Padding::RepeatLast}, {"loop", Padding::Loop}});
  result.timestamps = fields.numbers("timestamps");
  result.indices = indices(fields.get("indices"), fields.name("indices"));
  const auto frames = static_cast<std::size_t>(result.frames);
  if (result.mode == Mode::Timestamps && result.timestamps.size() != frames) {
    refuse(fields.name("timestamps"), "as many numbers as there are frames");
  }
  if (result.mode == Mode::Indices && result.indices.size() != frames) {
    refuse(fields.name("indices"), "as many numbers as there are frames");
  }
  result.start = fields.number("start");
  if (!fields.get("end").IsNull()) result.end = fields.number("end");
  return result;
}

video::Limits limits(const Napi::Value& value, const std::string& name) {
  const Fields fields(value, name);
  video::Limits result;
  result.bytes = fields.wholeNumber("bytes", 1, kMaxCount);
  result.pixels = fields.wholeNumber("pixels", 1, kMaxCount);
  result.frames = fields.wholeNumber("frames", 1, kMaxCount);
  result.streams = fields.integer("streams", 1, kMaxStreams);
  return result;
}

model::Views views(const Napi::Value& value, const std::string& name) {
  using Filter = model::Views::Filter;
  using Average = model::Views::Average;
  const Fields fields(value, name);
  model::Views result;
  result.crops = fields.integer("crops", 1, kMaxClips);
  result.filter = fields.choice<Filter>("filter", {{"opencv", Filter::OpenCv},
                                                   {"tensorflow", Filter::TensorFlow},
                                                   {"torch", Filter::Torch},
                                                   {"antialias", Filter::Antialias}});
  result.roundUp = fields.flag("roundUp");
  result.average = fields.choice<Average>("average", {{"scores", Average::Scores},
                                                      {"sigmoids", Average::Sigmoids},
                                                      {"sum-of-logits", Average::SumOfLogits},
                                                      {"logits", Average::Logits}});
  result.preprocessing = preprocessingArgument(fields.get("preprocessing"), fields.name("preprocessing"));
  return result;
}

Input input(const Napi::Value& value, const std::string& name) {
  enum class Kind { File, Bytes, Frames };
  const Fields fields(value, name);
  switch (fields.choice<Kind>("kind", {{"file", Kind::File}, {"bytes", Kind::Bytes}, {"frames", Kind::Frames}})) {
    case Kind::File:
      return FileInput{fields.path("path"), fields.text("name")};
    case Kind::Bytes:
      return memory(fields);
    case Kind::Frames:
      break;
  }
  return rawFrames(fields);
}

video::ReadOptions readOptions(const Napi::Value& value, const std::string& name) {
  using OnCorrupt = video::ReadOptions::OnCorrupt;
  using Matrix = video::ReadOptions::UntaggedMatrix;
  const Fields fields(value, name);
  video::ReadOptions result;
  result.limits = limits(fields.get("limits"), fields.name("limits"));
  if (!fields.get("stream").IsNull()) result.stream = fields.integer("stream", 0, kMaxStreams);
  result.onCorrupt =
      fields.choice<OnCorrupt>("onCorrupt", {{"error", OnCorrupt::Error}, {"tolerate", OnCorrupt::Tolerate}});
  result.untaggedMatrix = fields.choice<Matrix>("untaggedMatrix", {{"bt601", Matrix::Bt601}, {"bt709", Matrix::Bt709}});
  return result;
}

}  // namespace

Input inputArgument(const Napi::Value& value) {
  return input(value, "input");
}

video::ReadOptions readArgument(const Napi::Value& value) {
  return readOptions(value, "read");
}

video::Windows windowsArgument(const Napi::Value& value) {
  const Fields fields(value, "windows");
  return {.length = fields.number("length"), .stride = fields.number("stride")};
}

ClipRequest clipRequest(const Napi::Value& value) {
  const Fields fields(value, "request");
  ClipRequest result;
  result.sampling = sampling(fields.get("sampling"), fields.name("sampling"));
  result.read = readOptions(fields.get("read"), fields.name("read"));
  result.input = input(fields.get("input"), fields.name("input"));
  if (!fields.get("stretch").IsUndefined()) {
    const Fields size(fields.get("stretch"), fields.name("stretch"));
    result.stretch = {.height = size.integer("height", 1, kMaxSide), .width = size.integer("width", 1, kMaxSide)};
  }
  if (!fields.get("views").IsUndefined()) result.views = views(fields.get("views"), fields.name("views"));
  if (result.views.has_value() != (result.sampling.mode == video::Sampling::Mode::Protocol)) {
    refuse(fields.name("views"), "given with the sampling of a protocol, and with no other");
  }
  return result;
}

}  // namespace tubelet::node
