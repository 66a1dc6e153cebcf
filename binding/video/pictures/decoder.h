#pragma once

#include <optional>
#include <string>

#include "video/common/av1.h"
#include "video/common/clip.h"
#include "video/common/libav.h"

namespace tubelet::video {

/// Turns packets into frames in order of presentation, on the calling thread alone: when many videos are read, one
/// thread each is fastest. What damage means is for the caller to say. Not thread-safe.
class Decoder {
 public:
  enum class Received {
    Frame,
    Nothing,  ///< it takes more packets first, or that was the last frame
    Damage    ///< some packet could not be decoded; there may be more frames
  };

  /// `name`: how messages call the source. Throws Error(UNSUPPORTED_VIDEO) for a codec off the allow-list.
  Decoder(const AVStream& stream, const ReadOptions& options, const std::string& name);

  /// Null: there are no more packets; receive() then gives the frames still held back. False for damage.
  bool send(const AVPacket* packet);
  /// The next frame into `frame`, which is empty otherwise.
  Received receive(AVFrame& frame);
  /// Whether the packets to come need not give frames where no other frame refers to them: what libav calls
  /// AVDISCARD_NONREF, and for AV1 what Av1Inspector proves. Exact only for streams with Timeline::unreferencedTold.
  void skipUnreferenced(bool skip);
  /// Whether a picture is given up, and damage reported, where libav would otherwise go on without a word: its HEVC
  /// decoder marks no frames. For packets from a proven restart point on.
  void giveUpDamaged(bool giveUp);
  /// Forgets everything, to go on with another packet at which decoding may begin.
  void restart();
  /// libav's words for the last damage; empty when there was none.
  const std::string& damage() const { return damage_; }
  const char* codecName() const { return context_->codec->name; }

 private:
  void note(int averror);

  CodecContextPtr context_;
  std::optional<Av1Inspector> av1_;
  std::string damage_;
};

}  // namespace tubelet::video
