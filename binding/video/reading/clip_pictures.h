#pragma once

#include "video/common/clip.h"
#include "video/container/packet_reader.h"
#include "video/container/timeline.h"
#include "video/selection/sampler.h"

namespace tubelet::video {

/// What is known of a clip before it is decoded: all but its times and its warnings.
ClipInfo describeClip(const Sample& sample, const Timeline& timeline);

/// Hands the pictures of `sample` to `sink` and adds to `info`, which describeClip() made. Throws as readClip does.
void readPictures(PacketReader& packets, const Timeline& timeline, const Sample& sample, const ReadOptions& options,
                  FrameSink& sink, ClipInfo& info);

}  // namespace tubelet::video
