#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "video/common/clip.h"
#include "video/container/packet_reader.h"
#include "video/container/source.h"
#include "video/container/timeline.h"
#include "video/selection/plan.h"
#include "video/selection/sampler.h"
#include "video/selection/windows.h"

namespace tubelet::video {

/// Reads the clips of a video's windows, one after the other and each as readClip reads it for that part alone, in one
/// pass: what windows have in common is decoded and converted once. Not thread-safe.
///
/// The pass is shared only as long as that makes no difference. Where a file turns out damaged, or its picture's size
/// changes, the window in question is read alone, as readClip reads it, and another pass begins with the next one.
class WindowReader final : public WindowClips {
 public:
  /// Scans the video. `token` must outlive this. Throws as readClip and windowsOf do; `sampling` must neither list
  /// frames nor be of a protocol.
  WindowReader(std::unique_ptr<Source> source, Sampling sampling, const Windows& windows, const ReadOptions& options,
               const CancelToken& token);
  ~WindowReader() override;
  WindowReader(const WindowReader&) = delete;
  WindowReader& operator=(const WindowReader&) = delete;

  const std::vector<Range>& windows() const override { return windows_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  ClipInfo next(FrameSink& sink) override;
  bool done() const override { return next_ == windows_.size(); }

 private:
  /// The windows from a given one on.
  struct Pass;

  std::optional<ClipInfo> readTogether(FrameSink& sink);
  ClipInfo readAlone(FrameSink& sink);
  Sample sample(std::size_t window) const;
  std::vector<Target> targetsFrom(std::size_t window) const;

  std::unique_ptr<Source> source_;
  Sampling sampling_;
  ReadOptions options_;
  ReadOptions strict_;  ///< the same, with any damage an error
  PacketReader packets_;
  Timeline timeline_;
  std::vector<double> times_;
  std::vector<Range> windows_;
  std::vector<std::string> warnings_;
  std::unique_ptr<Pass> pass_;
  std::size_t next_ = 0;
};

}  // namespace tubelet::video
