#include "video/pictures/decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "engine/error.h"
#include "video/common/allowlist.h"
#include "video/common/log.h"

namespace tubelet::video {
namespace {

/// libav reuses the memory of earlier pictures. What a damaged picture leaves unwritten would depend on which one.
int clearedBuffer(AVCodecContext* context, AVFrame* frame, int flags) {
  const int result = avcodec_default_get_buffer2(context, frame, flags);
  if (result < 0) return result;
  for (const AVBufferRef* buffer : frame->buf) {
    if (buffer) std::memset(buffer->data, 0, buffer->size);
  }
  return result;
}

}  // namespace

Decoder::Decoder(const AVStream& stream, const ReadOptions& options, const std::string& name) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVCodec* codec = allowedDecoder(id);
  if (!codec) {
    throw Error(ErrorCode::UnsupportedVideo,
                name + " holds " + avcodec_get_name(id) +
                    " video, which tubelet does not decode. Convert it, for example to H.264.",
                recentLog());
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_ || avcodec_parameters_to_context(context_.get(), stream.codecpar) < 0) throw std::bad_alloc();
  context_->pkt_timebase = stream.time_base;
  context_->thread_count = 1;
  // The decoder checks coded sizes, rounded up to whole blocks; the converter checks the exact size.
  constexpr std::int64_t kBlockAllowance = 1 << 20;
  context_->max_pixels = std::min<std::int64_t>(options.limits.pixels, INT32_MAX) + kBlockAllowance;
  if (options.onCorrupt == ReadOptions::OnCorrupt::Tolerate) context_->get_buffer2 = clearedBuffer;
  const int result = avcodec_open2(context_.get(), codec, nullptr);
  if (result < 0) {
    throw Error(ErrorCode::UnsupportedVideo,
                "Cannot decode the " + std::string(codec->name) + " video in " + name + ".", reason(result));
  }
  if (id == AV_CODEC_ID_AV1) av1_.emplace(*stream.codecpar);
}

bool Decoder::send(const AVPacket* packet) {
  if (packet && av1_) {
    const bool needless = av1_->unreferenced({packet->data, static_cast<std::size_t>(packet->size)});
    if (needless && context_->skip_frame == AVDISCARD_NONREF) return true;
  }
  const int result = avcodec_send_packet(context_.get(), packet);
  if (result >= 0 || result == AVERROR_EOF) return true;
  note(result);
  return false;
}

Decoder::Received Decoder::receive(AVFrame& frame) {
  const int result = avcodec_receive_frame(context_.get(), &frame);
  if (result >= 0) return Received::Frame;
  if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return Received::Nothing;
  note(result);
  return Received::Damage;
}

void Decoder::skipUnreferenced(bool skip) {
  context_->skip_frame = skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
}

void Decoder::giveUpDamaged(bool giveUp) {
  context_->err_recognition = giveUp && context_->codec_id == AV_CODEC_ID_HEVC ? AV_EF_EXPLODE : 0;
}

void Decoder::restart() {
  avcodec_flush_buffers(context_.get());
}

void Decoder::note(int averror) {
  if (averror == AVERROR(ENOMEM)) throw std::bad_alloc();
  damage_ = reason(averror);
}

}  // namespace tubelet::video
