#include "node/clip_work.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "model/pictures/normalize.h"
#include "model/pictures/opencv_bilinear.h"
#include "model/pictures/preprocess.h"
#include "model/threading.h"
#include "video/sampler.h"

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
      work_.rgb.resize(bytes * video::slotCount(work_.request.sampling));
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

/// Prepares each frame as it comes, in a model::PixelBuffer or model::ViewFrames, and keeps the time that takes apart
/// from the reader's.
template <typename Buffer>
class PreparingSink : public video::FrameSink {
 public:
  explicit PreparingSink(Buffer& buffer) : buffer_(buffer) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    const auto start = Clock::now();
    buffer_.add(slots, picture.rgb, {.height = picture.height, .width = picture.width});
    milliseconds_ += millisecondsSince(start);
  }

  double milliseconds() const { return milliseconds_; }

 private:
  Buffer& buffer_;
  double milliseconds_ = 0;
};

/// Stretches each frame to one size on its way to another sink.
class StretchingSink : public video::FrameSink {
 public:
  StretchingSink(video::FrameSink& next, model::Size size) : next_(next), size_(size) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    const auto rgb = model::resizeAsOpenCv(picture.rgb, {.height = picture.height, .width = picture.width}, size_);
    next_.frame(slots, {.rgb = rgb.data(), .width = size_.width, .height = size_.height});
  }

 private:
  video::FrameSink& next_;
  model::Size size_;
};

video::ClipInfo readStretched(const ClipRequest& request, video::FrameSink& sink, const CancelToken& token) {
  if (!request.stretch) return readInput(request, sink, token);
  StretchingSink stretching(sink, *request.stretch);
  return readInput(request, stretching, token);
}

}  // namespace

void FramesWork::read(const CancelToken& token) {
  const auto start = Clock::now();
  ByteSink sink(*this);
  info = readStretched(request, sink, token);
  decodeMs = millisecondsSince(start);
}

void ClipWork::read(const model::Preprocessing& preprocessing, const CancelToken& token) {
  const auto start = Clock::now();
  const video::Sampling& sampling = request.sampling;
  const auto readInto = [&](auto& buffer) {
    PreparingSink sink(buffer);
    info = readStretched(request, sink, token);
    prepareMs = sink.milliseconds();
  };
  if (request.views) {
    views = std::make_unique<model::ViewFrames>(*request.views, sampling.clips, sampling.frames);
    readInto(*views);
  } else {
    model::PixelBuffer buffer(preprocessing, sampling.frames);
    readInto(buffer);
    pixels = buffer.pixels();
  }
  decodeMs = millisecondsSince(start) - prepareMs;
}

void ClipWork::infer(const model::Model& model, int threads, const CancelToken& token) {
  if (!views) {
    const std::array<ClipWork*, 1> alone{this};
    inferTogether(alone, model, threads, token);
    return;
  }
  const auto start = Clock::now();
  model::setThreads(threads);
  finish(inferViews(model, token), millisecondsSince(start));
}

void inferTogether(std::span<ClipWork* const> works, const model::Model& model, int threads, const CancelToken& token) {
  const auto start = Clock::now();
  model::setThreads(threads);
  const model::Request& request = works.front()->wanted.request;
  std::vector<at::Tensor> clips;
  for (const ClipWork* work : works) {
    if (work->wanted.request != request) {
      throw Error(ErrorCode::InvalidArgument,
                  "Clips of which different things are wanted cannot share a forward pass.");
    }
    clips.push_back(work->pixels);
  }
  std::vector<model::Output> outputs = model.runTogether(clips, request, token);
  const double share = millisecondsSince(start) / static_cast<double>(works.size());
  for (std::size_t i = 0; i < works.size(); ++i) works[i]->finish(std::move(outputs[i]), share);
}

/// Keeps what the model made of the pixels, and lets go of those.
void ClipWork::finish(model::Output made, double milliseconds) {
  output = std::move(made);
  pixels.reset();
  views.reset();
  if (wanted.normalize) model::normalizeEach(output.embedding, output.shape.back());
  inferMs = milliseconds;
}

/// One view after the other: one at a time is in memory as floats.
model::Output ClipWork::inferViews(const model::Model& model, const CancelToken& token) {
  model::ViewAverage average(views->average());
  for (int view = 0; view < views->views(); ++view) {
    token.check();
    average.add(model.run(views->pixels(view), wanted.request, token));
  }
  return average.result();
}

}  // namespace tubelet::node
