#include "node/clip_work.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "engine/error.h"
#include "model/normalize.h"
#include "model/preprocess.h"
#include "model/threading.h"

namespace tubelet::node {
namespace {

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Collects frames side by side.
class ByteSink : public video::FrameSink {
 public:
  explicit ByteSink(FramesWork& work) : work_(work) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    const std::size_t bytes = 3 * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
    if (work_.rgb.empty()) {
      work_.width = picture.width;
      work_.height = picture.height;
      work_.rgb.resize(bytes * static_cast<std::size_t>(work_.request.sampling.frames));
    } else if (picture.width != work_.width || picture.height != work_.height) {
      throw Error(ErrorCode::UnsupportedVideo,
                  "The picture's size changes from " + size(work_.width, work_.height) + " to " +
                      size(picture.width, picture.height) +
                      " within the clip, so that its frames do not fit into one array. Convert the file to one size.");
    }
    for (const int slot : slots) {
      std::copy_n(picture.rgb, bytes, work_.rgb.begin() + static_cast<std::ptrdiff_t>(bytes) * slot);
    }
  }

 private:
  static std::string size(int width, int height) { return std::to_string(width) + " x " + std::to_string(height); }

  FramesWork& work_;
};

/// Prepares each frame as it comes, and keeps the time that takes apart from the reader's.
class PixelSink : public video::FrameSink {
 public:
  PixelSink(const model::Preprocessing& preprocessing, int frames) : buffer_(preprocessing, frames) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    const auto start = Clock::now();
    buffer_.add(slots, picture.rgb, {.height = picture.height, .width = picture.width});
    milliseconds_ += millisecondsSince(start);
  }

  at::Tensor pixels() const { return buffer_.pixels(); }
  double milliseconds() const { return milliseconds_; }

 private:
  model::PixelBuffer buffer_;
  double milliseconds_ = 0;
};

}  // namespace

void FramesWork::read(const CancelToken& token) {
  const auto start = Clock::now();
  ByteSink sink(*this);
  info = readInput(request, sink, token);
  decodeMs = millisecondsSince(start);
}

void ClipWork::read(const model::Preprocessing& preprocessing, const CancelToken& token) {
  const auto start = Clock::now();
  PixelSink sink(preprocessing, request.sampling.frames);
  info = readInput(request, sink, token);
  pixels = sink.pixels();
  prepareMs = sink.milliseconds();
  decodeMs = millisecondsSince(start) - prepareMs;
}

void ClipWork::infer(const model::Model& model, int threads, const CancelToken& token) {
  const auto start = Clock::now();
  model::setThreads(threads);
  output = model.run(pixels, wanted.request, token);
  pixels.reset();
  if (wanted.normalize) model::normalizeEach(output.embedding, output.shape.back());
  inferMs = millisecondsSince(start);
}

}  // namespace tubelet::node
