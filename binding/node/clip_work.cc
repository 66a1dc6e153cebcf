#include "node/clip_work.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "model/pictures/normalize.h"
#include "model/pictures/preprocess.h"
#include "model/threading.h"
#include "node/preparing_sink.h"
#include "video/selection/sampler.h"

namespace tubelet::node {
namespace {

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

}  // namespace

void FramesWork::read(const CancelToken& token) {
  const Stopwatch watch;
  ByteSink sink(*this);
  StretchingSink stretching(sink, request.stretch);
  info = readInput(request, stretching, token);
  decodeMs = watch.milliseconds();
}

void ClipWork::read(const model::Preprocessing& preprocessing, const CancelToken& token) {
  const Stopwatch watch;
  const video::Sampling& sampling = request.sampling;
  const auto readInto = [&](auto& buffer) {
    PreparingSink sink(buffer);
    StretchingSink stretching(sink, request.stretch);
    info = readInput(request, stretching, token);
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
  decodeMs = watch.milliseconds() - prepareMs;
}

void ClipWork::infer(const model::Model& model, int threads, const CancelToken& token) {
  if (!views) {
    const std::array<ClipWork*, 1> alone{this};
    inferTogether(alone, model, threads, token);
    return;
  }
  model::setThreads(threads);
  inferViews(model, token);
}

void inferTogether(std::span<ClipWork* const> works, const model::Model& model, int threads, const CancelToken& token) {
  const Stopwatch watch;
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
  const double share = watch.milliseconds() / static_cast<double>(works.size());
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
void ClipWork::inferViews(const model::Model& model, const CancelToken& token) {
  const Stopwatch watch;
  double cuttingMs = 0;
  model::ViewAverage average(views->average());
  for (int view = 0; view < views->views(); ++view) {
    token.check();
    const Stopwatch cutting;
    const at::Tensor cut = views->pixels(view);
    cuttingMs += cutting.milliseconds();
    average.add(model.run(cut, wanted.request, token));
  }
  model::Output averaged = average.result();
  prepareMs += cuttingMs;
  finish(std::move(averaged), watch.milliseconds() - cuttingMs);
}

}  // namespace tubelet::node
