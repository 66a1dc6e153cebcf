#pragma once

#include <cstdint>
#include <string>

#include "video/clip.h"
#include "video/libav.h"

namespace tubelet::video {

/// Turns packets into frames in order of presentation, on the calling thread alone: when many videos are read, one
/// thread each is fastest. Not thread-safe.
class Decoder {
 public:
  /// `name`: how messages call the source. Throws Error(UNSUPPORTED_VIDEO) for a codec off the allow-list.
  Decoder(const AVStream& stream, const Limits& limits, std::string name);

  /// Null: there are no more packets; receive() then gives the frames still held back.
  /// Throws Error(CORRUPT_VIDEO). Damage before the first frame is accepted: a recording may begin in mid-picture.
  void send(const AVPacket* packet);
  /// The next frame into `frame`; false when it takes more packets, or at the end. Throws as send() does.
  bool receive(AVFrame& frame);
  /// Forgets everything, to go on with a packet that isRestartPoint().
  void restart();
  /// Throws Error(CORRUPT_VIDEO) naming what went wrong when no frame ever came out.
  void requireFrames() const;

 private:
  void failed(int averror);
  [[noreturn]] void corrupt() const;

  std::string name_;
  CodecContextPtr context_;
  bool produced_ = false;
  std::string firstFailure_;
};

}  // namespace tubelet::video
