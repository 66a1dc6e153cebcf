#include "video/reading/raw_windows.h"

#include <algorithm>

#include "engine/error.h"

namespace tubelet::video {

RawWindows::RawWindows(const RawFrames& frames, const Sampling& sampling, const Windows& windows,
                       const ReadOptions& options, const CancelToken& token)
    : frames_(frames), sampling_(sampling), options_(options), token_(token) {
  checkWindowSampling(sampling);
  if (frames.timestamps.empty()) throw Error(ErrorCode::InvalidArgument, "There are no frames to read.");
  windows_ = windowsOf(windows, sampling, std::ranges::min(frames.timestamps), frames.end);
}

ClipInfo RawWindows::next(FrameSink& sink) {
  ShiftingSink shifting(sink, next_, sampling_.frames);
  return readRawFrames(frames_, within(sampling_, windows_[next_++]), options_, shifting, token_);
}

}  // namespace tubelet::video
