#include "video/selection/restart.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "video/common/av1.h"

namespace tubelet::video {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Calls `visit` with what follows each start code 00 00 01 until it returns true.
template <typename Visit>
void eachStartCode(Bytes data, Visit visit) {
  for (std::size_t at = 0; at + 3 < data.size(); ++at) {
    if (data[at] != 0 || data[at + 1] != 0 || data[at + 2] != 1) continue;
    if (visit(data.subspan(at + 3))) return;
    at += 2;
  }
}

/// Calls `visit` with each NAL unit, header first, until it returns true. `lengthBytes`: 0 for start codes (Annex B),
/// else the width of the length before each unit (ISO/IEC 14496-15).
template <typename Visit>
void eachNalUnit(Bytes data, std::size_t lengthBytes, Visit visit) {
  std::size_t at = 0;
  if (lengthBytes > 0) {
    while (at + lengthBytes < data.size()) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < lengthBytes; ++i) length = length << 8 | data[at + i];
      at += lengthBytes;
      if (length == 0 || length > data.size() - at || visit(data.subspan(at, length))) return;
      at += length;
    }
    return;
  }
  eachStartCode(data, visit);
}

/// `extra[0] == 1` marks the MP4 form of a decoder configuration; its NAL length's width sits at `at`.
std::size_t nalLengthBytes(Bytes extra, std::size_t at) {
  return extra.size() > at && extra[0] == 1 ? std::size_t{extra[at] & 3U} + 1 : 0;
}

/// VP9 bitstream specification, 6.2: frame_marker 2, profile 2 bits (3 has one more), show_existing_frame, frame_type.
bool isVp9Key(Bytes data) {
  return !data.empty() && data[0] >> 6 == 2 && (data[0] >> 4 & 3) != 3 && (data[0] & 0b1100) == 0;
}

/// ISO/IEC 13818-2 and 11172-2: an I picture after a sequence header, which sets all that earlier ones set. P pictures
/// refer to the last I or P picture alone, and B pictures are never referred to.
bool isMpegVideoRestart(Bytes data) {
  bool sequence = false;
  bool intra = false;
  eachStartCode(data, [&](Bytes unit) {
    constexpr std::uint8_t kPicture = 0x00;
    constexpr std::uint8_t kSequence = 0xB3;
    if (unit[0] == kSequence) sequence = true;
    if (unit[0] != kPicture) return false;
    intra = unit.size() > 2 && (unit[2] >> 3 & 7) == 1;  // picture_coding_type, after ten bits
    return true;
  });
  return sequence && intra;
}

Bytes bytesOf(const AVPacket& packet) {
  return {packet.data, static_cast<std::size_t>(packet.size)};
}

Bytes extraOf(const AVCodecParameters& codec) {
  return {codec.extradata, static_cast<std::size_t>(codec.extradata ? codec.extradata_size : 0)};
}

/// The build of x264 that wrote the stream, from its SEI message (D.1.7, user_data_unregistered); 0: another encoder.
int x264Build(Bytes message) {
  constexpr std::string_view kName = "x264 - core ";
  const std::string_view text(reinterpret_cast<const char*>(message.data()), message.size());
  const std::size_t at = text.find(kName);
  if (at == std::string_view::npos) return 0;
  int build = 0;
  std::from_chars(text.data() + at + kName.size(), text.data() + text.size(), build);
  return build;
}

/// User data such as "DivX503b1393p": version, build, and p for "packed".
bool saysPacked(Bytes text) {
  constexpr std::array<std::uint8_t, 4> kDivX{'D', 'i', 'v', 'X'};
  if (text.size() < kDivX.size() || !std::ranges::equal(text.first(kDivX.size()), kDivX)) return false;
  const auto isPart = [](std::uint8_t byte) { return (byte >= '0' && byte <= '9') || byte == 'b'; };
  const auto end = std::ranges::find_if_not(text.subspan(kDivX.size()), isPart);
  return end != text.end() && *end == 'p';
}

/// ITU-T T.81, table B.1: quantization and Huffman tables, which hold for later pictures too.
unsigned mjpegTables(Bytes picture) {
  constexpr std::uint8_t kHuffman = 0xC4;
  constexpr std::uint8_t kScan = 0xDA;
  constexpr std::uint8_t kQuantization = 0xDB;
  unsigned tables = 0;
  std::size_t at = 2;  // after the start of the image
  while (at + 4 <= picture.size() && picture[at] == 0xFF && picture[at + 1] != kScan) {
    if (picture[at + 1] == kQuantization) tables |= 1;
    if (picture[at + 1] == kHuffman) tables |= 2;
    at += 2 + (std::size_t{picture[at + 2]} << 8 | picture[at + 3]);
  }
  return tables;
}

/// Set in what was carried, and in no packet: from there on only sequential reading will do.
constexpr unsigned kContainerHeader = 1U << 31;

}  // namespace

BitstreamInspector::Picture BitstreamInspector::inspect(const AVPacket& packet) {
  Picture picture{.shown = !(packet.flags & AV_PKT_FLAG_DISCARD)};
  if (packet.size <= 0) return picture;
  const Units units = look(packet);
  if (units.skipped) picture.shown = false;
  picture.resetsOrder = units.resetsOrder;
  carried_ |= units.carries;
  // Only a picture that brings as much along can do without what came with earlier ones.
  const bool selfContained = (carried_ & ~units.carries) == 0;
  if ((packet.flags & AV_PKT_FLAG_KEY) && selfContained) picture.restart = units.restart;
  // A new header from the container, which may not come again where a seek leads.
  if (av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, nullptr)) carried_ |= kContainerHeader;
  if (codec_.codec_id == AV_CODEC_ID_VP8 && !(packet.data[0] >> 4 & 1)) picture.shown = false;  // RFC 6386, 9.1
  return picture;
}

BitstreamInspector::Units BitstreamInspector::look(const AVPacket& packet) {
  const auto completeIf = [](bool key) { return Units{.restart = key ? Restart::Complete : Restart::No}; };
  switch (codec_.codec_id) {
    case AV_CODEC_ID_H264:
      return lookH264(packet);
    case AV_CODEC_ID_HEVC:
      return lookHevc(packet);
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
      return {.restart = isMpegVideoRestart(bytesOf(packet)) ? Restart::Open : Restart::No};
    case AV_CODEC_ID_MPEG4:
      return lookMpeg4(bytesOf(packet));
    case AV_CODEC_ID_MJPEG:
      return {.restart = Restart::Complete, .carries = mjpegTables(bytesOf(packet))};
    case AV_CODEC_ID_THEORA:  // Theora specification, 7.1: a video packet with an intra frame
      return completeIf((packet.data[0] & 0b1100'0000) == 0);
    case AV_CODEC_ID_VP8:
      return completeIf((packet.data[0] & 1) == 0);
    case AV_CODEC_ID_VP9:
      return completeIf(isVp9Key(bytesOf(packet)));
    case AV_CODEC_ID_AV1:
      return {.restart = isAv1ShownKey(bytesOf(packet)) ? Restart::Complete : Restart::No,
              .carries = carriesAv1Sequence(bytesOf(packet)) ? 1U : 0U};
    default: {
      const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec_.codec_id);
      return completeIf(descriptor && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY));
    }
  }
}

/// ISO/IEC 14496-2: an I-VOP. P-VOPs refer to the last I- or P-VOP alone, and B-VOPs are never referred to. Decoders
/// know the faults of old encoders, which name themselves in user data.
BitstreamInspector::Units BitstreamInspector::lookMpeg4(std::span<const std::uint8_t> data) {
  Units units;
  eachStartCode(data, [this, &units](Bytes unit) {
    constexpr std::uint8_t kLastLayer = 0x2F;
    constexpr std::uint8_t kUserData = 0xB2;
    constexpr std::uint8_t kVop = 0xB6;
    if (unit[0] <= kLastLayer) units.carries |= 1;
    if (unit[0] == kUserData) {
      units.carries |= 2;
      packed_ = packed_ || saysPacked(unit.subspan(1));
    }
    if (unit[0] != kVop) return false;
    if (unit.size() > 1 && unit[1] >> 6 == 0) units.restart = Restart::Open;  // vop_coding_type
    return true;
  });
  return units;
}

/// All slices of a picture have one type, so that the first decides. Types 1 to 5 are slices, 5 of an IDR picture; 6
/// are messages to the decoder (SEI), 7 and 8 parameter sets.
BitstreamInspector::Units BitstreamInspector::lookH264(const AVPacket& packet) const {
  Units units;
  eachNalUnit(bytesOf(packet), nalLengthBytes(extraOf(codec_), 4), [this, &units](Bytes unit) {
    constexpr unsigned kEncoder = 4;
    const int type = unit[0] & 0x1F;
    if (type == 7) units.carries |= 1;
    if (type == 8) units.carries |= 2;
    if (type == 6 && obeysEncoder(x264Build(unit))) units.carries |= kEncoder;
    if (type == 5) units.restart = Restart::Complete;
    units.resetsOrder = type == 5;
    return type >= 1 && type <= 5;
  });
  return units;
}

/// Whether libav's decoder works round faults of this build of x264 in what it makes of the pictures: in 4:4:4 those
/// before 151 (h264_cabac.c, h264_mb.c), in direct prediction those up to 33 (h264_direct.c).
bool BitstreamInspector::obeysEncoder(int build) const {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(codec_.format));
  const bool fullChroma = !format || (format->nb_components >= 3 && format->log2_chroma_w == 0);
  return build > 0 && build < (fullChroma ? 151 : 34);
}

/// ITU-T H.265, table 7-1. Types 0 to 31 are slices: 8 and 9 of skipped leading pictures, which refer to what is before
/// the random access picture they follow; 16 to 18 of a broken link, 19 and 20 of an IDR and 21 of a clean random
/// access picture. 32 to 34 are parameter sets.
BitstreamInspector::Units BitstreamInspector::lookHevc(const AVPacket& packet) {
  Units units;
  eachNalUnit(bytesOf(packet), nalLengthBytes(extraOf(codec_), 21), [this, &units](Bytes unit) {
    const int type = unit[0] >> 1 & 0x3F;
    if (type >= 32 && type <= 34) units.carries |= 1U << (type - 32);
    if (type > 31) return false;
    if (type >= 16 && type <= 21) {
      brokenLink_ = type <= 18;
      units.restart = type == 19 || type == 20 ? Restart::Complete : Restart::Open;
      units.resetsOrder = type != 21;
    }
    units.skipped = brokenLink_ && (type == 8 || type == 9);
    if (unit.size() > 1 && (unit[1] & 7) > 1) layers_ = true;  // nuh_temporal_id_plus1
    return true;
  });
  return units;
}

bool BitstreamInspector::identifiesUnreferenced() const {
  switch (codec_.codec_id) {
    case AV_CODEC_ID_H264:  // nal_ref_idc
      return true;
    case AV_CODEC_ID_HEVC:
      // A "sub-layer non-reference picture" may be referred to by pictures of higher sub-layers: it is unreferenced
      // only where there are none.
      return !layers_;
    case AV_CODEC_ID_MPEG1VIDEO:  // B pictures
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_AV1:  // refresh_frame_flags, see Av1Inspector
      return true;
    default:
      return false;
  }
}

}  // namespace tubelet::video
