#pragma once

#include <cstdint>
#include <memory>

#include "video/container/demuxer.h"
#include "video/container/timeline.h"

namespace tubelet::video {

/// Hands out a stream's packets by their place in the file, and seeks to a restart point where the container can. Not
/// thread-safe.
class PacketReader {
 public:
  /// As Demuxer's.
  PacketReader(Source& source, const ReadOptions& options, const CancelToken& token);

  /// For what the headers say; lives as long as this.
  Demuxer& demuxer() { return first_; }
  const Demuxer& demuxer() const { return first_; }

  /// The next packet; false at the end. Throws as Demuxer::read does.
  bool read(AVPacket& packet);
  /// The place of the packet that read() gives next.
  std::int64_t place() const { return place_; }
  /// Makes `restart`'s packet, found by an earlier scan of the same source, the next.
  void goTo(const Timeline::Restart& restart);

 private:
  bool seek(const Timeline::Restart& restart);
  bool seek(const Timeline::Restart& restart, std::int64_t timestamp);
  bool farAhead(const Timeline::Restart& restart) const;
  void reopen();

  Source& source_;
  const ReadOptions& options_;
  const CancelToken& token_;
  Demuxer first_;
  std::unique_ptr<Demuxer> again_;  // opened anew to read from the start
  Demuxer* current_ = &first_;
  PacketPtr found_;  // the packet that a seek was for, already read
  bool seekable_;    // until a seek failed
  std::int64_t place_ = 0;
};

}  // namespace tubelet::video
