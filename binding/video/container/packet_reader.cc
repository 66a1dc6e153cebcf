#include "video/container/packet_reader.h"

#include <new>
#include <utility>

namespace tubelet::video {
namespace {

/// Those whose seeks were compared with sequential reading on every kind of file that the tests make.
constexpr const char* kSeekable = "mov,matroska,avi,flv,mpegts";

/// A seek discards what is read ahead and has to find its place: over shorter distances reading is faster.
constexpr std::int64_t kSeekBytes = 1 << 20;

/// A seek lands at or somewhat before the packet wanted.
constexpr int kPacketsBefore = 200;

}  // namespace

PacketReader::PacketReader(Source& source, const ReadOptions& options, const CancelToken& token)
    : source_(source),
      options_(options),
      token_(token),
      first_(source, options, token, Demuxer::Detail::Decodable),
      found_(av_packet_alloc()),
      seekable_(av_match_list(first_.format().iformat->name, kSeekable, ',') > 0) {
  if (!found_) throw std::bad_alloc();
}

bool PacketReader::read(AVPacket& packet) {
  if (found_->size > 0) {
    av_packet_unref(&packet);
    av_packet_move_ref(&packet, found_.get());
  } else if (!current_->read(packet)) {
    return false;
  }
  ++place_;
  return true;
}

void PacketReader::goTo(const Timeline::Restart& restart) {
  if (restart.place == place_) return;
  const bool back = restart.place < place_;
  if ((back || farAhead(restart)) && seek(restart)) return;
  if (back) reopen();
  const PacketPtr skipped(av_packet_alloc());
  if (!skipped) throw std::bad_alloc();
  while (place_ < restart.place && read(*skipped)) continue;
}

bool PacketReader::farAhead(const Timeline::Restart& restart) const {
  return restart.position - avio_tell(current_->format().pb) > kSeekBytes;
}

bool PacketReader::seek(const Timeline::Restart& restart) {
  if (!seekable_ || restart.size <= 0 || restart.position < 0) return false;
  // Containers seek by presentation or by decoding time; the one used may lead past the packet.
  if (seek(restart, restart.pts) || seek(restart, restart.dts)) return true;
  seekable_ = false;
  reopen();
  return false;
}

bool PacketReader::seek(const Timeline::Restart& restart, std::int64_t timestamp) {
  if (timestamp == AV_NOPTS_VALUE || !current_->seek(timestamp)) return false;
  for (int i = 0; i < kPacketsBefore && current_->read(*found_); ++i) {
    const bool same = found_->pos == restart.position && found_->size == restart.size && found_->pts == restart.pts;
    // Decoding times that the container leaves out are derived from the packets before.
    const bool known = found_->dts != AV_NOPTS_VALUE && restart.dts != AV_NOPTS_VALUE;
    if (same && (!known || found_->dts == restart.dts)) {
      place_ = restart.place;
      return true;
    }
    if (known && found_->dts > restart.dts) break;
  }
  av_packet_unref(found_.get());
  return false;
}

void PacketReader::reopen() {
  av_packet_unref(found_.get());
  again_.reset();
  again_ = std::make_unique<Demuxer>(source_, options_, token_, Demuxer::Detail::Decodable);
  current_ = again_.get();
  place_ = 0;
}

}  // namespace tubelet::video
