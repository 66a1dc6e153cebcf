#pragma once

#include <string>

#include "video/common/libav.h"

namespace tubelet::video {

/// What may happen to a file that libav recognises. Every demuxer and decoder is an attack surface, and some demuxers
/// (playlists, image sequences, SDP) read other files or the network: only those below are ever run.
enum class ContainerKind {
  Allowed,
  Audio,        ///< recognised as sound only; never opened
  Unsupported,  ///< a video in a container that is not on the list
  NotAVideo,    ///< a playlist, picture, text or anything else
};

ContainerKind containerKind(const AVInputFormat& format);

/// libav's `format_whitelist` and `codec_whitelist`, comma-separated.
const char* allowedDemuxers();
const char* allowedDecoders();

/// The containers by their familiar names, for messages.
const char* allowedContainersForPeople();

/// The decoder for `id` that libav prefers among the allowed ones; null when there is none.
const AVCodec* allowedDecoder(AVCodecID id);

}  // namespace tubelet::video
