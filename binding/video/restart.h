#pragma once

#include "video/libav.h"

namespace tubelet::video {

/// Whether decoding may begin at `packet` and give, from its picture on, exactly the frames that decoding from the
/// start gives. The container's keyframe flag is no proof: it also marks open GOPs and intra refresh. Proof is in the
/// bitstream: an IDR picture in H.264 and HEVC, a key frame in VP8, VP9 and AV1, any picture of a codec without inter
/// prediction. False where there is no proof.
bool isRestartPoint(const AVCodecParameters& codec, const AVPacket& packet);

/// False for a VP8 picture that is coded only to be referred to: WebM gives it a packet of its own.
bool isShown(const AVCodecParameters& codec, const AVPacket& packet);

}  // namespace tubelet::video
