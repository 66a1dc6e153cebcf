#include "video/selection/trial.h"

#include <algorithm>
#include <new>

#include "video/pictures/decoder.h"

namespace tubelet::video {
namespace {

/// Packets after the first frame: more than any codec holds back, so that all reordered frames have come out.
constexpr int kPacketsBeyond = 32;

/// Decodes from here to the end, or until `visit`, which gets each frame, or null after each packet, returns true.
template <typename Visit>
void decodeUntil(PacketReader& packets, const ReadOptions& options, Visit visit) {
  Demuxer& demuxer = packets.demuxer();
  Decoder decoder(demuxer.stream(), options, demuxer.source().name());
  const PacketPtr packet(av_packet_alloc());
  const FramePtr frame(av_frame_alloc());
  if (!packet || !frame) throw std::bad_alloc();
  for (bool more = true; more;) {
    more = packets.read(*packet);
    decoder.send(more ? packet.get() : nullptr);
    while (decoder.receive(*frame) != Decoder::Received::Nothing) {
      demuxer.token().check();
      if (frame->buf[0] && visit(frame.get())) return;
    }
    if (visit(nullptr)) return;
  }
}

}  // namespace

std::vector<std::int64_t> decodedTimes(PacketReader& packets, const ReadOptions& options) {
  std::vector<std::int64_t> times;
  decodeUntil(packets, options, [&times](const AVFrame* frame) {
    if (frame) times.push_back(frame->best_effort_timestamp);
    return false;
  });
  return times;
}

DecodedBeginning decodeBeginningOf(PacketReader& packets, const ReadOptions& options, std::int64_t proven) {
  DecodedBeginning beginning{.times = {}, .until = proven};
  int beyond = 0;
  bool reached = false;
  decodeUntil(packets, options, [&](const AVFrame* frame) {
    if (frame) {
      reached = frame->pts >= proven;
      if (frame->pts != AV_NOPTS_VALUE) beginning.times.push_back(frame->pts);
      return reached;
    }
    return !beginning.times.empty() && ++beyond > kPacketsBeyond;
  });
  std::ranges::sort(beginning.times);
  if (!reached && !beginning.times.empty()) beginning.until = std::min(proven, beginning.times.back());
  return beginning;
}

}  // namespace tubelet::video
