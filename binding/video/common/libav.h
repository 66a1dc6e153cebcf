#pragma once

/// The one place that includes libav's headers and knows its versions (FFmpeg 5.1 to 9), with an owning pointer for
/// each of its types that we hold.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tubelet::video {

/// libav frees some things by pointer and others by the address of a pointer, which it then clears.
template <auto kFree>
struct FreeByPointer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <auto kFree>
struct FreeByAddress {
  template <typename T>
  void operator()(T* object) const {
    kFree(&object);
  }
};

/// An AVIOContext does not free its buffer, which it may have replaced by another.
struct FreeIoContext {
  void operator()(AVIOContext* context) const {
    av_freep(static_cast<void*>(&context->buffer));
    avio_context_free(&context);
  }
};

using FormatContextPtr = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using IoContextPtr = std::unique_ptr<AVIOContext, FreeIoContext>;
using CodecContextPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using ParserPtr = std::unique_ptr<AVCodecParserContext, FreeByPointer<av_parser_close>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using SwsContextPtr = std::unique_ptr<SwsContext, FreeByPointer<sws_freeContext>>;
using FilterGraphPtr = std::unique_ptr<AVFilterGraph, FreeByAddress<avfilter_graph_free>>;
using BufferSourceParametersPtr = std::unique_ptr<AVBufferSrcParameters, FreeByPointer<av_free>>;

/// Options for an opening call: libav replaces the pointer with what it did not recognise.
class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&entries_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  void set(const char* key, const char* value) { av_dict_set(&entries_, key, value, 0); }
  void set(const char* key, std::int64_t value) { av_dict_set_int(&entries_, key, value, 0); }
  AVDictionary** address() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

/// Side data of a whole stream, null when it has none of that type. It moved from the stream to its codec parameters in
/// FFmpeg 6.1, and the old place is gone in 8.
inline const std::uint8_t* streamSideData(const AVStream& stream, AVPacketSideDataType type, std::size_t minimum) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const AVPacketSideData* data =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, type);
  return data && data->size >= minimum ? data->data : nullptr;
#else
  std::size_t size = 0;
  const std::uint8_t* data = av_stream_get_side_data(&stream, type, &size);
  return data && size >= minimum ? data : nullptr;
#endif
}

/// The container's own cropping (top, bottom, left, right as 32-bit little-endian pixels), which libav reports from
/// FFmpeg 7.1 on; null when there is none.
inline const std::uint8_t* containerCropping([[maybe_unused]] const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 19, 100)
  return streamSideData(stream, AV_PKT_DATA_FRAME_CROPPING, 4 * sizeof(std::uint32_t));
#else
  return nullptr;
#endif
}

/// Whether the picture's lines are those of two fields, taken at different times. Became a flag in FFmpeg 6.1.
inline bool isInterlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

inline void markInterlaced(AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  frame.flags |= AV_FRAME_FLAG_INTERLACED;
#else
  frame.interlaced_frame = 1;
#endif
}

/// Tells a filter graph's source the colours of the frames to come; graphs ignore them before FFmpeg 7.
inline void describeColours([[maybe_unused]] AVBufferSrcParameters& parameters, [[maybe_unused]] const AVFrame& frame) {
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 0, 0)
  parameters.color_space = frame.colorspace;
  parameters.color_range = frame.color_range;
#endif
}

}  // namespace tubelet::video
