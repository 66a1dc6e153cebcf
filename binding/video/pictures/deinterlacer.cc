#include "video/pictures/deinterlacer.h"

#include <new>
#include <string>

#include "engine/error.h"
#include "video/common/log.h"

namespace tubelet::video {
namespace {

/// bwdif looks three lines up and down, six above 8 bits, and reads past the planes of pictures with fewer lines.
constexpr int kLeastLines = 8;

/// The ffmpeg program starts again where pictures change their size or format.
bool alike(const AVFrame& a, const AVFrame& b) {
  return a.width == b.width && a.height == b.height && a.format == b.format;
}

void check(int result, const AVFrame& frame) {
  if (result >= 0) return;
  if (result == AVERROR(ENOMEM)) throw std::bad_alloc();
  const char* format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
  throw Error(ErrorCode::UnsupportedVideo,
              std::string("Cannot deinterlace pictures of pixel format '") + (format ? format : "unknown") + "'.",
              reason(result));
}

/// buffer -> bwdif -> buffersink, for frames like one. Where the filter does not know their pixel format, libavfilter
/// itself inserts a conversion.
class Graph {
 public:
  Graph(const AVFrame& frame, AVRational timeBase) : graph_(avfilter_graph_alloc()), frame_(frame) {
    if (!graph_) throw std::bad_alloc();
    graph_->nb_threads = 1;
    graph_->scale_sws_opts = av_strdup("flags=bilinear");

    source_ = allocate("buffer");
    const BufferSourceParametersPtr parameters(av_buffersrc_parameters_alloc());
    if (!parameters) throw std::bad_alloc();
    parameters->format = frame.format;
    parameters->width = frame.width;
    parameters->height = frame.height;
    parameters->time_base = timeBase;
    describeColours(*parameters, frame);
    check(av_buffersrc_parameters_set(source_, parameters.get()), frame);
    check(avfilter_init_str(source_, nullptr), frame);

    AVFilterContext* const filter = allocate("bwdif");
    check(avfilter_init_str(filter, "mode=send_frame:parity=auto:deint=interlaced"), frame);
    sink_ = allocate("buffersink");
    check(avfilter_init_str(sink_, nullptr), frame);
    check(avfilter_link(source_, 0, filter, 0), frame);
    check(avfilter_link(filter, 0, sink_, 0), frame);
    check(avfilter_graph_config(graph_.get(), nullptr), frame);
  }

  /// Null: the end.
  void send(const AVFrame* frame) { check(av_buffersrc_write_frame(source_, frame), frame_); }

  FramePtr receive() {
    FramePtr frame(av_frame_alloc());
    if (!frame) throw std::bad_alloc();
    check(av_buffersink_get_frame(sink_, frame.get()), frame_);
    return frame;
  }

 private:
  AVFilterContext* allocate(const char* name) {
    const AVFilter* filter = avfilter_get_by_name(name);
    check(filter ? 0 : AVERROR_FILTER_NOT_FOUND, frame_);
    AVFilterContext* context = avfilter_graph_alloc_filter(graph_.get(), filter, name);
    if (!context) throw std::bad_alloc();
    return context;
  }

  FilterGraphPtr graph_;
  const AVFrame& frame_;
  AVFilterContext* source_ = nullptr;
  AVFilterContext* sink_ = nullptr;
};

}  // namespace

bool Deinterlacer::needed(const AVFrame& target) {
  if (!isInterlaced(target)) return false;
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(target.format));
  return format && target.height >> format->log2_chroma_h >= kLeastLines;
}

FramePtr Deinterlacer::deinterlace(const AVFrame* previous, const AVFrame& target, const AVFrame* next) {
  FramePtr whole;
  if (!needed(target)) {
    whole.reset(av_frame_clone(&target));
    if (!whole) throw std::bad_alloc();
    return whole;
  }
  if (previous && !alike(*previous, target)) previous = nullptr;
  if (next && !alike(*next, target)) next = nullptr;

  Graph graph(target, timeBase_);
  int before = 0;
  const auto lead = [&](const AVFrame& frame) {
    graph.send(&frame);
    ++before;
  };
  // bwdif deinterlaces the first interlaced frame that it sees without its neighbours. In the middle of a video that
  // must not be the target.
  if (previous && !isInterlaced(*previous)) lead(target);
  if (previous) lead(*previous);
  graph.send(&target);
  graph.send(next);
  for (int i = 0; i <= before; ++i) whole = graph.receive();
  whole->pts = target.pts;
  whole->sample_aspect_ratio = target.sample_aspect_ratio;
  return whole;
}

}  // namespace tubelet::video
