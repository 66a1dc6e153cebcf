#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "video/common/clip.h"

namespace tubelet::video {

/// Windows of one length at equal distances, in seconds.
struct Windows {
  double length = 0;
  double stride = 0;
};

/// A part of a video, as `start` and `end` of a Sampling.
struct Range {
  double start = 0;
  double end = 0;
};

/// The clips of a video's windows, each as it would be read for that part alone.
class WindowClips {
 public:
  virtual ~WindowClips() = default;

  virtual const std::vector<Range>& windows() const = 0;
  /// Warnings about the video as a whole.
  virtual const std::vector<std::string>& warnings() const = 0;
  /// Reads on until the next window is complete. Slots given to `sink` are numbered consecutively: those of window k
  /// begin at k times the frames of a clip. Frames of later windows that overlap may come along; a slot may be filled
  /// again.
  /// Must not be called once done(). Throws as readClip does.
  virtual ClipInfo next(FrameSink& sink) = 0;
  virtual bool done() const = 0;
};

/// The windows of the part that `sampling` asks for of a video from `begin` to `end`, ascending; docs/windows.md has
/// the rule. At least one, whatever the part: where there is no such part, reading that window says so. Throws
/// Error(INVALID_ARGUMENT) for invalid lengths, and for more than 65536 windows.
std::vector<Range> windowsOf(const Windows& windows, const Sampling& sampling, double begin, double end);

/// Throws Error(INVALID_ARGUMENT) for a sampling that windows cannot use: a list of frames, or a protocol.
void checkWindowSampling(const Sampling& sampling);

/// `sampling` of one window.
Sampling within(const Sampling& sampling, const Range& window);

/// Puts the slots of one clip in their place among those of all windows.
class ShiftingSink final : public FrameSink {
 public:
  ShiftingSink(FrameSink& next, std::size_t window, int frames)
      : next_(next), first_(static_cast<int>(window) * frames) {}

  void frame(std::span<const int> slots, const Picture& picture) override;

 private:
  FrameSink& next_;
  int first_;
};

}  // namespace tubelet::video
