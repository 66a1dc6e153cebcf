#pragma once

#include <optional>
#include <string>

#include "video/common/av1.h"
#include "video/common/clip.h"
#include "video/common/libav.h"

namespace tubelet::video {

/// Turns packets into frames in order of presentation, on the calling thread alone: when many videos are read, one
/// thread each is fastest. The caller decides what damage means. Not thread-safe.
class Decoder {
 public:
  enum class Received {
    Frame,
    Nothing,  ///< it needs more packets first, or that was the last frame
    Damage    ///< some packet could not be decoded; there may be more frames
  };

  /// `name`: the source's name in messages. Throws Error(UNSUPPORTED_VIDEO) for a codec off the allow-list.
  Decoder(const AVStream& stream, const ReadOptions& options, const std::string& name);

  /// Null: there are no more packets; receive() then gives the frames still held back. False for damage.
  bool send(const AVPacket* packet);
  /// The next frame into `frame`, which is empty otherwise.
  Received receive(AVFrame& frame);
  /// Whether the packets to come need not give frames where no other frame refers to them: what libav calls
  /// AVDISCARD_NONREF, and for AV1 what Av1Inspector proves. Exact only for streams with Timeline::unreferencedKnown.
  void skipUnreferenced(bool skip);
  /// Whether to discard a picture and report damage where libav would otherwise continue silently: its HEVC decoder
  /// does not mark such frames. For packets from a proven restart point on.
  void giveUpDamaged(bool giveUp);
  /// Resets, to resume at another packet at which decoding may begin.
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
