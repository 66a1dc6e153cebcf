#pragma once

#include "video/clip.h"
#include "video/packet_reader.h"
#include "video/sampler.h"
#include "video/timeline.h"

namespace tubelet::video {

/// What is known of a clip before it is decoded: all but its times and its warnings.
ClipInfo describeClip(const Sample& sample, const Timeline& timeline);

/// Hands the pictures of `sample` to `sink` and adds to `info`, which describeClip() made. Throws as readClip does.
void readPictures(PacketReader& packets, const Timeline& timeline, const Sample& sample, const ReadOptions& options,
                  FrameSink& sink, ClipInfo& info);

}  // namespace tubelet::video
