#include "video/common/av1.h"

#include <algorithm>
#include <cstddef>

namespace tubelet::video {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// obu_type (6.2.2).
enum class Obu : std::uint8_t { SequenceHeader = 1, FrameHeader = 3, Frame = 6, RedundantFrameHeader = 7 };

/// Calls `visit` with the type and payload of each open bitstream unit (5.3) until it returns true. False when a unit
/// reaches beyond the end.
template <typename Visit>
bool eachObu(Bytes data, Visit visit) {
  std::size_t at = 0;
  while (at < data.size()) {
    const std::uint8_t header = data[at++];
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
    if (at > data.size() || length > data.size() - at) return false;
    if (visit(static_cast<Obu>(header >> 3 & 0xF), data.subspan(at, length))) return true;
    at += length;
  }
  return true;
}

/// Bits, most significant first; zeros beyond the end, which ended() reports.
class BitReader {
 public:
  explicit BitReader(Bytes data) : data_(data) {}

  unsigned bits(int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const std::size_t byte = at_ / 8;
      const unsigned bit = byte < data_.size() ? data_[byte] >> (7 - at_ % 8) & 1U : 0U;
      value = value << 1 | bit;
    }
    return value;
  }
  bool bit() { return bits(1) != 0; }
  void skip(int count) { at_ += static_cast<std::size_t>(count); }
  bool ended() const { return at_ > data_.size() * 8; }

 private:
  Bytes data_;
  std::size_t at_ = 0;
};

constexpr unsigned kKeyFrame = 0;
constexpr unsigned kInterFrame = 1;
constexpr unsigned kIntraOnlyFrame = 2;

}  // namespace

bool isAv1ShownKey(Bytes temporalUnit) {
  bool key = false;
  const bool whole = eachObu(temporalUnit, [&key](Obu type, Bytes payload) {
    if (type != Obu::FrameHeader && type != Obu::Frame) return false;
    BitReader header(payload);
    const bool existing = header.bit();
    key = !existing && header.bits(2) == kKeyFrame && header.bit() && !header.ended();
    return true;
  });
  return whole && key;
}

bool carriesAv1Sequence(Bytes temporalUnit) {
  bool sequence = false;
  eachObu(temporalUnit, [&sequence](Obu type, Bytes) { return sequence = type == Obu::SequenceHeader; });
  return sequence;
}

Av1Inspector::Av1Inspector(const AVCodecParameters& codec) {
  constexpr std::size_t kConfigurationBytes = 4;  // of "av1C", before its units
  if (!codec.extradata || codec.extradata_size <= static_cast<int>(kConfigurationBytes)) return;
  const Bytes extra(codec.extradata, static_cast<std::size_t>(codec.extradata_size));
  unreferenced(extra.subspan(kConfigurationBytes));
}

bool Av1Inspector::unreferenced(Bytes temporalUnit) {
  int frames = 0;
  bool needless = false;
  const bool whole = eachObu(temporalUnit, [&](Obu type, Bytes payload) {
    if (type == Obu::SequenceHeader) sequence_ = readSequence(payload);
    if (type == Obu::RedundantFrameHeader) ++frames;
    if (type != Obu::FrameHeader && type != Obu::Frame) return false;
    ++frames;
    needless = refreshesNothing(payload);
    return false;
  });
  return whole && frames == 1 && needless;
}

/// 5.5.1. Scalable streams, still pictures and those with a decoder model or frame numbers, whose headers have more
/// fields, are left alone.
std::optional<Av1Inspector::Sequence> Av1Inspector::readSequence(Bytes payload) {
  BitReader header(payload);
  header.skip(3);                         // seq_profile
  header.skip(1);                         // still_picture
  if (header.bit()) return std::nullopt;  // reduced_still_picture_header
  if (header.bit()) {                     // timing_info_present_flag
    header.skip(32);                      // num_units_in_display_tick
    header.skip(32);                      // time_scale
    if (header.bit()) {                   // equal_picture_interval
      int zeros = 0;                      // num_ticks_per_picture_minus_1, uvlc (4.10.3)
      while (!header.bit() && zeros < 32) ++zeros;
      header.skip(zeros);
    }
    if (header.bit()) return std::nullopt;  // decoder_model_info_present_flag
  }
  const bool displayDelays = header.bit();            // initial_display_delay_present_flag
  if (header.bits(5) != 0) return std::nullopt;       // operating_points_cnt_minus_1
  if (header.bits(12) != 0) return std::nullopt;      // operating_point_idc
  if (header.bits(5) > 7) header.skip(1);             // seq_level_idx, seq_tier
  if (displayDelays && header.bit()) header.skip(4);  // initial_display_delay_minus_1
  const int widthBits = static_cast<int>(header.bits(4)) + 1;
  const int heightBits = static_cast<int>(header.bits(4)) + 1;
  header.skip(widthBits + heightBits);
  if (header.bit()) return std::nullopt;  // frame_id_numbers_present_flag
  header.skip(3);                         // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  header.skip(4);                         // interintra, masked compound, warped motion, dual filter
  const bool orderHints = header.bit();   // enable_order_hint
  if (orderHints) header.skip(2);         // enable_jnt_comp, enable_ref_frame_mvs

  Sequence sequence;
  sequence.choosesScreenContentTools = header.bit();
  sequence.screenContentTools = sequence.choosesScreenContentTools || header.bit();
  if (sequence.screenContentTools) {
    sequence.choosesIntegerMv = header.bit();
    if (!sequence.choosesIntegerMv) header.skip(1);  // seq_force_integer_mv
  }
  if (orderHints) sequence.orderHintBits = static_cast<int>(header.bits(3)) + 1;
  if (header.ended()) return std::nullopt;
  return sequence;
}

/// 5.9.2, up to refresh_frame_flags. True only for frames that are shown: the others exist to be referred to.
bool Av1Inspector::refreshesNothing(Bytes frameHeader) const {
  if (!sequence_) return false;
  BitReader header(frameHeader);
  if (header.bit()) return false;  // show_existing_frame
  const unsigned type = header.bits(2);
  if (type != kInterFrame && type != kIntraOnlyFrame) return false;
  if (!header.bit()) return false;      // show_frame
  const bool resilient = header.bit();  // error_resilient_mode
  header.skip(1);                       // disable_cdf_update
  const bool screenContent = sequence_->choosesScreenContentTools ? header.bit() : sequence_->screenContentTools;
  if (screenContent && sequence_->choosesIntegerMv) header.skip(1);  // force_integer_mv
  header.skip(1);                                                    // frame_size_override_flag
  header.skip(sequence_->orderHintBits);                             // order_hint
  if (type == kInterFrame && !resilient) header.skip(3);             // primary_ref_frame
  return header.bits(8) == 0 && !header.ended();                     // refresh_frame_flags
}

}  // namespace tubelet::video
