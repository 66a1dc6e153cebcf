#include "video/container/probe.h"

#include "video/common/geometry.h"
#include "video/container/demuxer.h"

namespace tubelet::video {
namespace {

std::string text(const char* name) {
  return name ? name : "unknown";
}

StreamInfo describe(const AVStream& stream) {
  StreamInfo info;
  info.index = stream.index;
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
    case AVMEDIA_TYPE_AUDIO:
    case AVMEDIA_TYPE_SUBTITLE:
    case AVMEDIA_TYPE_DATA:
    case AVMEDIA_TYPE_ATTACHMENT:
      info.type = av_get_media_type_string(stream.codecpar->codec_type);
      break;
    default:
      info.type = "other";
  }
  info.codec = avcodec_get_name(stream.codecpar->codec_id);
  info.isDefault = (stream.disposition & AV_DISPOSITION_DEFAULT) != 0;
  info.attachedPicture = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  return info;
}

std::optional<double> frameRate(const AVStream& stream) {
  if (stream.avg_frame_rate.num <= 0 || stream.avg_frame_rate.den <= 0) return std::nullopt;
  return av_q2d(stream.avg_frame_rate);
}

std::optional<double> duration(const AVFormatContext& format, const AVStream& stream) {
  if (stream.duration != AV_NOPTS_VALUE && stream.duration > 0) {
    return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  }
  if (format.duration != AV_NOPTS_VALUE && format.duration > 0) {
    return static_cast<double>(format.duration) / AV_TIME_BASE;
  }
  return std::nullopt;
}

}  // namespace

VideoInfo probe(Source& source, const ReadOptions& options, const CancelToken& token) {
  Demuxer demuxer(source, options, token);
  AVStream& stream = demuxer.stream();
  const AVCodecParameters& codec = *stream.codecpar;

  VideoInfo info;
  info.container = demuxer.format().iformat->name;
  info.codec = avcodec_get_name(codec.codec_id);
  info.pixelFormat = text(av_get_pix_fmt_name(static_cast<AVPixelFormat>(codec.format)));
  info.streamIndex = stream.index;
  info.codedWidth = codec.width;
  info.codedHeight = codec.height;

  const Orientation orientation = Orientation::of(displayMatrix(stream, nullptr));
  info.rotation = orientation.rotation();
  info.mirrored = orientation.mirrored();
  info.sampleAspectRatio = sampleAspectRatio(demuxer.format(), stream, nullptr);
  const Size visible = Cropping::of(stream).remaining({codec.width, codec.height});
  const Size shown = oriented(squarePixels(visible, info.sampleAspectRatio), orientation);
  info.width = shown.width;
  info.height = shown.height;

  info.fps = frameRate(stream);
  info.duration = duration(demuxer.format(), stream);
  info.colorMatrix = text(av_color_space_name(codec.color_space));
  info.colorRange = text(av_color_range_name(codec.color_range));
  info.colorPrimaries = text(av_color_primaries_name(codec.color_primaries));
  info.colorTransfer = text(av_color_transfer_name(codec.color_trc));
  info.bytes = source.size();
  for (unsigned i = 0; i < demuxer.format().nb_streams; ++i) {
    info.streams.push_back(describe(*demuxer.format().streams[i]));
  }
  return info;
}

}  // namespace tubelet::video
