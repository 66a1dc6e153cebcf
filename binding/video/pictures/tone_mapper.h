#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "video/common/libav.h"

namespace tubelet::video {

/// Maps pictures of high dynamic range (PQ or HLG, Rec. ITU-R BT.2100) to what a standard BT.709 screen shows. The
/// curve and where it comes from: docs/pictures.md.
class ToneMapper {
 public:
  static bool needed(const AVFrame& frame);

  /// For frames of the colours of `frame`, which is needed(). Unspecified primaries are taken as BT.2020.
  explicit ToneMapper(const AVFrame& frame);

  /// `channels`: 3, or 4 where alpha comes last, which is kept as it is. `from` has 16 bits a channel and may begin
  /// where `to` does.
  void map(const std::uint16_t* from, std::uint8_t* to, std::size_t pixels, std::size_t channels) const;

 private:
  std::span<const float> linear_;  ///< light, in multiples of white, of each level of 16 bits
  bool wide_;                      ///< the primaries are those of BT.2020
};

}  // namespace tubelet::video
