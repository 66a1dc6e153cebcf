#include "video/reading/window_reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/error.h"
#include "video/reading/clip_pictures.h"
#include "video/reading/clip_reader.h"
#include "video/selection/header_check.h"
#include "video/selection/scan.h"

namespace tubelet::video {
namespace {

/// Thrown to end a pass in which windows can no longer be read together.
class SizeChanged {};

ReadOptions strictly(ReadOptions options) {
  options.onCorrupt = ReadOptions::OnCorrupt::Error;
  return options;
}

}  // namespace

struct WindowReader::Pass final : FrameSink {
  Pass(WindowReader& owner, std::size_t first)
      : frames(static_cast<std::size_t>(owner.sampling_.frames)),
        missing(owner.windows_.size(), owner.sampling_.frames),
        toneMapped(owner.windows_.size()),
        reader(owner.packets_, owner.timeline_, owner.targetsFrom(first), owner.strict_, *this, info) {
    info.timestamps.resize(owner.windows_.size() * frames);
  }

  void frame(std::span<const int> slots, const Picture& picture) override {
    if (picture.rescaled) throw SizeChanged();
    for (const int slot : slots) {
      const std::size_t window = static_cast<std::size_t>(slot) / frames;
      --missing[window];
      if (picture.toneMapped) toneMapped[window] = true;
    }
    sink->frame(slots, picture);
  }

  std::size_t frames;  ///< of a clip
  FrameSink* sink = nullptr;
  ClipInfo info = {};            ///< its times are those of all slots
  std::vector<int> missing;      ///< slots of each window
  std::vector<bool> toneMapped;  ///< whether a picture of each window was
  ClipReader reader;
};

WindowReader::WindowReader(std::unique_ptr<Source> source, Sampling sampling, const Windows& windows,
                           const ReadOptions& options, const CancelToken& token)
    : source_(std::move(source)),
      sampling_(std::move(sampling)),
      options_(options),
      strict_(strictly(options)),
      packets_(*source_, options_, token) {
  checkWindowSampling(sampling_);
  packets_.demuxer().requireWhole();
  timeline_ = scanTimeline(packets_, options_, std::nullopt);
  times_ = timeline_.times();
  windows_ = windowsOf(windows, sampling_, 0, timeline_.end(timeline_.frames.size() - 1));
  warnings_ = videoWarnings(packets_.demuxer(), timeline_);
}

WindowReader::~WindowReader() = default;

ClipInfo WindowReader::next(FrameSink& sink) {
  std::optional<ClipInfo> info = readTogether(sink);
  if (!info) info = readAlone(sink);
  ++next_;
  return *std::move(info);
}

/// Nothing when the window must be read alone.
std::optional<ClipInfo> WindowReader::readTogether(FrameSink& sink) {
  if (!pass_) pass_ = std::make_unique<Pass>(*this, next_);
  pass_->sink = &sink;
  bool same = true;
  try {
    while (pass_->missing[next_] > 0) pass_->reader.readMore();
    same = pass_->info.warnings.empty();
  } catch (const SizeChanged&) {
    same = false;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::CorruptVideo) throw;
    same = false;
  }
  if (!same) {
    // What a window alone makes of it depends on where its own reading begins and ends.
    pass_.reset();
    return std::nullopt;
  }
  ClipInfo info = describeClip(sample(next_), timeline_);
  const auto times = std::span(pass_->info.timestamps).subspan(next_ * pass_->frames, pass_->frames);
  std::ranges::copy(times, info.timestamps.begin());
  info.toneMapped = pass_->toneMapped[next_];
  return info;
}

ClipInfo WindowReader::readAlone(FrameSink& sink) {
  const Sample alone = sample(next_);
  ClipInfo info = describeClip(alone, timeline_);
  ShiftingSink shifting(sink, next_, sampling_.frames);
  readPictures(packets_, timeline_, alone, options_, shifting, info);
  return info;
}

Sample WindowReader::sample(std::size_t window) const {
  return sampleFrames(within(sampling_, windows_[window]), times_, timeline_.end(timeline_.frames.size() - 1));
}

std::vector<Target> WindowReader::targetsFrom(std::size_t window) const {
  std::vector<std::size_t> frameOfSlot;
  for (std::size_t k = window; k < windows_.size(); ++k) {
    packets_.demuxer().token().check();
    const std::vector<std::size_t> frames = sample(k).frames;
    frameOfSlot.insert(frameOfSlot.end(), frames.begin(), frames.end());
  }
  return targetsOf(frameOfSlot, timeline_, static_cast<int>(window) * sampling_.frames);
}

}  // namespace tubelet::video
