#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "video/reading/raw_frames.h"
#include "video/selection/windows.h"

namespace tubelet::video {

/// The windows of frames that the caller has decoded: only the frames themselves are shared.
class RawWindows final : public WindowClips {
 public:
  /// `frames` and `token` must outlive this. Throws as readRawFrames and windowsOf do.
  RawWindows(const RawFrames& frames, const Sampling& sampling, const Windows& windows, const ReadOptions& options,
             const CancelToken& token);

  const std::vector<Range>& windows() const override { return windows_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  ClipInfo next(FrameSink& sink) override;
  bool done() const override { return next_ == windows_.size(); }

 private:
  const RawFrames& frames_;
  Sampling sampling_;
  ReadOptions options_;
  const CancelToken& token_;
  std::vector<Range> windows_;
  std::vector<std::string> warnings_;  ///< none
  std::size_t next_ = 0;
};

}  // namespace tubelet::video
