#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "video/common/libav.h"

namespace tubelet::video {

/// What AV1 headers reveal without decoding. Numbers in comments are sections of the AV1 bitstream specification.

/// Whether the first frame of a temporal unit is a key frame that is shown at once (5.9.2).
bool isAv1ShownKey(std::span<const std::uint8_t> temporalUnit);

/// Whether a temporal unit contains a sequence header (5.5).
bool carriesAv1Sequence(std::span<const std::uint8_t> temporalUnit);

/// Finds temporal units whose single frame no other frame refers to. libav's skip_frame does nothing for AV1, whose
/// decoders are other libraries; a unit that is never sent to them changes no other picture, since all that a frame
/// leaves behind (pixels, motion vectors, probabilities, film grain) is kept in the slots that it refreshes (7.20).
class Av1Inspector {
 public:
  explicit Av1Inspector(const AVCodecParameters& codec);

  /// Call for every unit that is decoded, in file order: units carry the sequence headers. False where nothing is
  /// proved.
  bool unreferenced(std::span<const std::uint8_t> temporalUnit);

 private:
  /// The fields of a sequence header (5.5.1) that determine what precedes refresh_frame_flags in a frame header.
  struct Sequence {
    bool choosesScreenContentTools = false;
    bool screenContentTools = false;
    bool choosesIntegerMv = false;
    int orderHintBits = 0;
  };

  static std::optional<Sequence> readSequence(std::span<const std::uint8_t> payload);
  bool refreshesNothing(std::span<const std::uint8_t> frameHeader) const;

  std::optional<Sequence> sequence_;  // none: unknown, or of a kind that is not parsed
};

}  // namespace tubelet::video
