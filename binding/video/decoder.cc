#include "video/decoder.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/error.h"
#include "video/allowlist.h"
#include "video/log.h"

namespace tubelet::video {

Decoder::Decoder(const AVStream& stream, const Limits& limits, std::string name) : name_(std::move(name)) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVCodec* codec = allowedDecoder(id);
  if (!codec) {
    throw Error(ErrorCode::UnsupportedVideo,
                name_ + " holds " + avcodec_get_name(id) +
                    " video, which tubelet does not decode. Convert it, for example to H.264.",
                recentLog());
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_ || avcodec_parameters_to_context(context_.get(), stream.codecpar) < 0) throw std::bad_alloc();
  context_->pkt_timebase = stream.time_base;
  context_->thread_count = 1;
  // The decoder checks coded sizes, rounded up to whole blocks; the converter checks the exact size.
  constexpr std::int64_t kBlockAllowance = 1 << 20;
  context_->max_pixels = std::min<std::int64_t>(limits.pixels, INT32_MAX) + kBlockAllowance;
  const int result = avcodec_open2(context_.get(), codec, nullptr);
  if (result < 0) {
    throw Error(ErrorCode::UnsupportedVideo,
                "Cannot decode the " + std::string(codec->name) + " video in " + name_ + ".", reason(result));
  }
}

void Decoder::send(const AVPacket* packet) {
  const int result = avcodec_send_packet(context_.get(), packet);
  if (result < 0 && result != AVERROR_EOF) failed(result);
}

bool Decoder::receive(AVFrame& frame) {
  while (true) {
    const int result = avcodec_receive_frame(context_.get(), &frame);
    if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return false;
    if (result == 0) {
      produced_ = true;
      return true;
    }
    failed(result);
  }
}

void Decoder::restart() {
  avcodec_flush_buffers(context_.get());
}

void Decoder::failed(int averror) {
  if (averror == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (firstFailure_.empty()) firstFailure_ = reason(averror);
  if (produced_) corrupt();
}

void Decoder::requireFrames() const {
  if (!produced_) corrupt();
}

void Decoder::corrupt() const {
  throw Error(ErrorCode::CorruptVideo,
              "Cannot decode " + name_ + ": its " + context_->codec->name + " video is damaged.", firstFailure_);
}

}  // namespace tubelet::video
