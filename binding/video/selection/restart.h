#pragma once

#include <cstdint>
#include <span>

#include "video/common/libav.h"

namespace tubelet::video {

/// Looks at a stream's packets in file order, without decoding, for what the bitstream itself proves.
class BitstreamInspector {
 public:
  /// Whether decoding may begin at a packet and give exactly the frames that decoding from the start gives. The
  /// container's keyframe flag is no proof: it also marks H.264's open GOPs and intra refresh.
  enum class Restart {
    No,       ///< no proof
    Open,     ///< from its picture on; pictures shown before it that follow it in the file refer to earlier ones
    Complete  ///< every picture that follows it in the file
  };

  struct Picture {
    /// False for a VP8 picture that is coded only to be referred to (WebM gives it a packet of its own), for what an
    /// edit list cuts away, and for HEVC's skipped leading pictures of a broken link.
    bool shown = true;
    Restart restart = Restart::No;
    /// H.264 and HEVC: the numbers that order pictures (POC) restart with this one.
    bool resetsOrder = false;
  };

  explicit BitstreamInspector(const AVCodecParameters& codec) : codec_(codec) {}

  Picture inspect(const AVPacket& packet);

  /// Whether a decoder can identify pictures that no inspected picture refers to, so that skipping them changes no
  /// other.
  bool identifiesUnreferenced() const;

  /// Whether the encoder says that it puts two pictures into one packet, and none into the next.
  bool packsPictures() const { return packed_; }

 private:
  /// What the units before and with a picture's first slice say.
  struct Units {
    Restart restart = Restart::No;
    bool resetsOrder = false;
    unsigned carries = 0;  ///< what later pictures are decoded with, one bit for each kind
    bool skipped = false;
  };

  Units look(const AVPacket& packet);
  Units lookH264(const AVPacket& packet) const;
  bool obeysEncoder(int build) const;
  Units lookHevc(const AVPacket& packet);
  Units lookMpeg4(std::span<const std::uint8_t> data);

  const AVCodecParameters& codec_;
  unsigned carried_ = 0;     // Units::carries of all packets so far
  bool packed_ = false;      // MPEG-4: see packsPictures()
  bool brokenLink_ = false;  // HEVC: the last random access picture was a broken link
  bool layers_ = false;      // HEVC: some picture is of a higher temporal sub-layer
};

}  // namespace tubelet::video
