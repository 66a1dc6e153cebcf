#include "video/reading/clip_pictures.h"

#include <algorithm>

#include "video/reading/clip_reader.h"
#include "video/selection/plan.h"

namespace tubelet::video {

ClipInfo describeClip(const Sample& sample, const Timeline& timeline) {
  const auto [first, last] = std::ranges::minmax(sample.frames);
  ClipInfo info;
  info.timestamps.resize(sample.frames.size());
  info.start = timeline.seconds(timeline.frames[first].pts);
  info.end = timeline.end(last);
  info.repeated = sample.repeated;
  info.tooShort = sample.tooShort;
  return info;
}

void readPictures(PacketReader& packets, const Timeline& timeline, const Sample& sample, const ReadOptions& options,
                  FrameSink& sink, ClipInfo& info) {
  ClipReader(packets, timeline, targetsOf(sample.frames, timeline), options, sink, info).read();
}

}  // namespace tubelet::video
