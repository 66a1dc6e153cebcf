#include "video/restart.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tubelet::video {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Calls `visit` with the first byte of each NAL unit until it returns true. `lengthBytes`: 0 for start codes (Annex
/// B), else the width of the length before each unit (ISO/IEC 14496-15).
template <typename Visit>
void eachNalUnit(Bytes data, std::size_t lengthBytes, Visit visit) {
  std::size_t at = 0;
  if (lengthBytes > 0) {
    while (at + lengthBytes < data.size()) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < lengthBytes; ++i) length = length << 8 | data[at + i];
      at += lengthBytes;
      if (length == 0 || length > data.size() - at || visit(data[at])) return;
      at += length;
    }
    return;
  }
  for (; at + 3 < data.size(); ++at) {
    if (data[at] != 0 || data[at + 1] != 0 || data[at + 2] != 1) continue;
    if (visit(data[at + 3])) return;
    at += 2;
  }
}

/// `extra[0] == 1` marks the MP4 form of a decoder configuration; its NAL length's width sits at `at`.
std::size_t nalLengthBytes(Bytes extra, std::size_t at) {
  return extra.size() > at && extra[0] == 1 ? std::size_t{extra[at] & 3U} + 1 : 0;
}

/// All slices of a picture have one type, so that the first decides. Types 1 to 5 are slices; 5 is an IDR picture.
bool isH264Idr(Bytes data, Bytes extra) {
  bool idr = false;
  eachNalUnit(data, nalLengthBytes(extra, 4), [&idr](std::uint8_t header) {
    const int type = header & 0x1F;
    idr = type == 5;
    return type >= 1 && type <= 5;
  });
  return idr;
}

/// Types 0 to 31 are slices; 19 and 20 are IDR pictures.
bool isHevcIdr(Bytes data, Bytes extra) {
  bool idr = false;
  eachNalUnit(data, nalLengthBytes(extra, 21), [&idr](std::uint8_t header) {
    const int type = header >> 1 & 0x3F;
    idr = type == 19 || type == 20;
    return type <= 31;
  });
  return idr;
}

/// VP9 bitstream specification, 6.2: frame_marker 2, profile 2 bits (3 has one more), show_existing_frame, frame_type.
bool isVp9Key(Bytes data) {
  return !data.empty() && data[0] >> 6 == 2 && (data[0] >> 4 & 3) != 3 && (data[0] & 0b1100) == 0;
}

/// AV1 specification, 5.3 and 5.9: the first frame header must say show_existing_frame 0, KEY_FRAME, show_frame 1.
bool isAv1ShownKey(Bytes data) {
  std::size_t at = 0;
  while (at < data.size()) {
    const std::uint8_t header = data[at++];
    const int type = header >> 3 & 0xF;
    if (header & 0b100) ++at;  // extension
    std::size_t length = data.size() - std::min(at, data.size());
    if (header & 0b10) {  // leb128
      length = 0;
      for (unsigned shift = 0; at < data.size() && shift < 56; shift += 7) {
        const std::uint8_t byte = data[at++];
        length |= static_cast<std::size_t>(byte & 0x7F) << shift;
        if (!(byte & 0x80)) break;
      }
    }
    if (at >= data.size() || length > data.size() - at) return false;
    constexpr int kFrameHeader = 3;
    constexpr int kFrame = 6;
    if (type == kFrameHeader || type == kFrame) return length > 0 && data[at] >> 4 == 0b0001;
    at += length;
  }
  return false;
}

}  // namespace

bool isRestartPoint(const AVCodecParameters& codec, const AVPacket& packet) {
  if (!(packet.flags & AV_PKT_FLAG_KEY) || packet.size <= 0) return false;
  const Bytes data(packet.data, static_cast<std::size_t>(packet.size));
  const Bytes extra(codec.extradata, static_cast<std::size_t>(codec.extradata ? codec.extradata_size : 0));
  switch (codec.codec_id) {
    case AV_CODEC_ID_H264:
      return isH264Idr(data, extra);
    case AV_CODEC_ID_HEVC:
      return isHevcIdr(data, extra);
    case AV_CODEC_ID_VP8:
      return (data[0] & 1) == 0;
    case AV_CODEC_ID_VP9:
      return isVp9Key(data);
    case AV_CODEC_ID_AV1:
      return isAv1ShownKey(data);
    default: {
      const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec.codec_id);
      return descriptor && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY);
    }
  }
}

bool isShown(const AVCodecParameters& codec, const AVPacket& packet) {
  if (packet.flags & AV_PKT_FLAG_DISCARD) return false;
  if (codec.codec_id != AV_CODEC_ID_VP8 || packet.size <= 0) return true;
  return packet.data[0] >> 4 & 1;  // RFC 6386, 9.1: show_frame
}

}  // namespace tubelet::video
