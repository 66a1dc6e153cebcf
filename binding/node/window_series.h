#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/lane.h"
#include "model/model.h"
#include "model/pictures/window_frames.h"
#include "node/clip_work.h"
#include "node/input.h"
#include "video/selection/windows.h"

namespace tubelet::node {

/// One window of a video.
struct WindowWork {
  std::size_t index = 0;
  video::Range range;
  ClipWork clip;
};

/// runWindows: a job for each window, that reads and prepares it and runs the model on it. The jobs of a series follow
/// one another, so that it is read by one thread at a time.
class WindowSeries : public std::enable_shared_from_this<WindowSeries> {
 public:
  /// Called for each window once the model has answered; on any thread, and not always in order.
  using Tell = std::function<void(std::shared_ptr<WindowWork>)>;

  struct Request {
    ClipRequest clip;
    video::Windows windows;
    Embedding wanted;
    model::Preprocessing preprocessing;
    std::shared_ptr<const model::Model> model;
    int threads = 1;
  };

  explicit WindowSeries(Request request)
      : request_(std::move(request)), frames_(request_.preprocessing, request_.clip.sampling.frames) {}

  /// The job of the first window, which the others follow. Call once.
  engine::Lane::Job begin(Tell tell);

  /// Warnings about the video as a whole; complete when all jobs are over.
  std::vector<std::string> warnings() const { return clips_->warnings(); }

 private:
  engine::Lane::Job job();
  void read(WindowWork& window);
  std::unique_ptr<engine::Lane::Job> next();

  Request request_;
  Tell tell_;
  CancelTokenPtr token_ = std::make_shared<CancelToken>();  ///< of the call; the reader keeps a reference
  std::unique_ptr<video::WindowClips> clips_;               ///< from the first read() on
  model::WindowFrames frames_;
  std::size_t begun_ = 0;
};

}  // namespace tubelet::node
