#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "video/common/clip.h"
#include "video/common/libav.h"
#include "video/container/avio.h"
#include "video/container/source.h"

namespace tubelet::video {

/// Demultiplexes a container: recognises it, opens it if it is on the allow-list, picks the video stream and hands out
/// that stream's packets in file order. Opens nothing but the given source. Not thread-safe.
class Demuxer {
 public:
  /// How much to find out about the streams.
  enum class Detail {
    Decodable,  ///< what decoding needs
    Full        ///< everything that probe() reports
  };

  /// `source`, `options` and `token` must outlive this.
  /// Throws Error (NOT_A_VIDEO, UNSUPPORTED_VIDEO, NO_VIDEO_STREAM, CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED,
  /// READ_FAILED, TIMEOUT) or Cancelled.
  Demuxer(Source& source, const ReadOptions& options, const CancelToken& token, Detail detail = Detail::Full);

  Source& source() const { return source_; }
  const CancelToken& token() const { return token_; }
  AVFormatContext& format() const { return *format_; }
  /// The stream of the options, else the one that the ffmpeg program would pick.
  AVStream& stream() const { return *stream_; }

  /// The next packet of stream(); false at the end. Throws as the constructor does.
  bool read(AVPacket& packet);
  /// Goes to a packet of stream() at or before `timestamp`, which is in the stream's units. Which one is known only
  /// from the packets that read() then returns. False when the container cannot seek; the position is then undefined.
  bool seek(std::int64_t timestamp);
  /// Throws Error(TRUNCATED_VIDEO) when the container promises more bytes than there are (see truncation.h).
  void requireWhole();
  /// The damage that was tolerated so far.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const AVInputFormat* recognise();
  void open(const AVInputFormat* recognised);
  void checkClaimedPixels() const;
  bool headerSuffices() const;
  void findStreamParameters();
  void chooseStream();
  AVStream& askedStream(int index) const;
  AVStream& defaultStream() const;
  std::string streamList() const;
  void checkPixels(const AVCodecParameters& codec) const;
  void checkStreamCount() const;
  void requireIndexedBytes();
  bool tolerated(const std::string& damage);
  [[noreturn]] void fail(const std::string& attempt, int averror) const;

  Source& source_;
  const ReadOptions& options_;
  const Limits& limits_;
  const CancelToken& token_;
  SourceIo io_;  // freed after format_, which reads through it
  FormatContextPtr format_;
  AVStream* stream_ = nullptr;
  bool certain_ = true;  // libav was sure about the container's type
  std::vector<std::string> warnings_;
};

}  // namespace tubelet::video
