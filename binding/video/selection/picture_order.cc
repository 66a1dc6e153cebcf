#include "video/selection/picture_order.h"

#include <algorithm>
#include <climits>
#include <new>

namespace tubelet::video {

PictureOrder::Rule PictureOrder::ruleOf(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
      return Rule::Counted;
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
      return Rule::Held;
    default:
      return Rule::AsStored;
  }
}

PictureOrder::PictureOrder(const AVCodecParameters& codec) : rule_(ruleOf(codec.codec_id)) {
  if (rule_ == Rule::AsStored) return;
  parser_.reset(av_parser_init(codec.codec_id));
  context_.reset(avcodec_alloc_context3(nullptr));
  if (!parser_ || !context_ || avcodec_parameters_to_context(context_.get(), &codec) < 0) throw std::bad_alloc();
  parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

PictureOrder::Part PictureOrder::add(const AVPacket& packet, bool shown, bool resets) {
  if (resets) flush();
  if (!parser_) {
    if (shown) show(packet.pts);
    return Part::Frame;
  }

  // A parser leaves these as they were when it finds no picture.
  parser_->output_picture_number = INT_MIN;
  parser_->picture_structure = AV_PICTURE_STRUCTURE_UNKNOWN;
  parser_->pict_type = AV_PICTURE_TYPE_NONE;
  std::uint8_t* data = nullptr;
  int size = 0;
  av_parser_parse2(parser_.get(), context_.get(), &data, &size, packet.data, packet.size, packet.pts, packet.dts,
                   packet.pos);
  if (!shown) return Part::Frame;
  const Part part = partOf(parser_->picture_structure, parser_->output_picture_number);
  if (part != Part::SecondField) note(packet.pts, parser_->output_picture_number);
  return part;
}

/// ITU-T H.264, 3.30: two fields that follow each other, of opposite parity. 8.2.1: those of one frame are at most one
/// apart in their order, except in streams that no encoder makes.
PictureOrder::Part PictureOrder::partOf(int structure, int count) {
  const std::optional<Field> first = first_;
  first_.reset();
  const bool field = rule_ == Rule::Counted && context_->codec_id == AV_CODEC_ID_H264 &&
                     (structure == AV_PICTURE_STRUCTURE_TOP_FIELD || structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD);
  if (first && field && structure != first->structure && (count == first->count || count == first->count + 1)) {
    return Part::SecondField;
  }
  if (first) return Part::OddField;
  if (!field) return Part::Frame;
  first_ = Field{structure, count};
  return Part::FirstField;
}

void PictureOrder::note(std::int64_t pts, int count) {
  if (rule_ == Rule::Counted) {
    if (count != INT_MIN && pts != AV_NOPTS_VALUE) counted_.push_back({count, pts});
  } else if (parser_->pict_type == AV_PICTURE_TYPE_B) {
    show(pts);
  } else {
    if (held_) show(*held_);
    held_ = pts;
  }
}

/// The next frame in the decoder's order.
void PictureOrder::show(std::int64_t pts) {
  if (pts == AV_NOPTS_VALUE) return;
  contradicted_ = contradicted_ || pts <= last_;
  last_ = pts;
}

void PictureOrder::flush() {
  std::ranges::stable_sort(counted_, {}, &Coded::count);
  for (const Coded& picture : counted_) show(picture.pts);
  counted_.clear();
  if (held_) show(*held_);
  held_.reset();
}

bool PictureOrder::contradicted() {
  flush();
  return contradicted_;
}

}  // namespace tubelet::video
