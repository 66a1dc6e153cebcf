#include "node/window_series.h"

#include <utility>

#include "node/forward.h"
#include "node/preparing_sink.h"

namespace tubelet::node {

engine::Lane::Job WindowSeries::begin(Tell tell) {
  tell_ = std::move(tell);
  return job();
}

/// The job of the next window.
engine::Lane::Job WindowSeries::job() {
  const auto self = shared_from_this();
  const auto window = std::make_shared<WindowWork>();
  window->index = begun_++;
  window->clip.wanted = request_.wanted;
  const auto clip = std::shared_ptr<ClipWork>(window, &window->clip);
  const auto forward =
      std::make_shared<Forward>(clip, request_.model, request_.threads, [self, window] { self->tell_(window); });
  engine::Lane::Job job;
  job.ingest = [self, window](const CancelToken&) { self->read(*window); };
  job.infer = [forward](const CancelToken& token) { forward->infer(token); };
  job.batchable = forward;
  job.next = [self] { return self->next(); };
  job.token = token_;
  return job;
}

void WindowSeries::read(WindowWork& window) {
  const Stopwatch watch;
  if (!clips_) clips_ = openWindows(request_.clip, request_.windows, *token_);
  PreparingSink sink(frames_);
  StretchingSink stretching(sink, request_.clip.stretch);
  window.range = clips_->windows()[window.index];
  window.clip.info = clips_->next(stretching);
  window.clip.prepareMs = sink.milliseconds();
  window.clip.pixels = frames_.take(window.index);
  window.clip.decodeMs = watch.milliseconds() - window.clip.prepareMs;
}

std::unique_ptr<engine::Lane::Job> WindowSeries::next() {
  return clips_->done() ? nullptr : std::make_unique<engine::Lane::Job>(job());
}

}  // namespace tubelet::node
