#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "video/common/clip.h"
#include "video/container/demuxer.h"
#include "video/container/source.h"
#include "video/pictures/alpha.h"
#include "video/pictures/converter.h"
#include "video/pictures/tone_mapper.h"
#include "video_fixtures.h"

// Every byte of a picture must be written. One that is not shows when all allocated memory is filled in two ways:
// glibc's M_PERTURB (AddressSanitizer, which has an allocator of its own, fills memory by itself).

namespace tubelet::video::test {
namespace {

/// Neither of the two fillings: what libswscale left out of the reference would show.
constexpr std::uint8_t kReferenceFilling = 0xA5;

/// Fills what is allocated while it lives.
class Poison {
 public:
  explicit Poison(std::uint8_t filling) { mallopt(M_PERTURB, ~filling & 0xFF); }
  ~Poison() { mallopt(M_PERTURB, 0); }
  Poison(const Poison&) = delete;
  Poison& operator=(const Poison&) = delete;
};

FramePtr pictureOf(Size size, AVPixelFormat format) {
  FramePtr frame(av_frame_alloc());
  frame->format = format;
  frame->width = size.width;
  frame->height = size.height;
  REQUIRE(av_frame_get_buffer(frame.get(), 0) >= 0);
  unsigned state = 1;
  for (const AVBufferRef* buffer : frame->buf) {
    if (!buffer) continue;
    for (std::size_t i = 0; i < buffer->size; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      buffer->data[i] = static_cast<std::uint8_t>(state >> 24);
    }
  }
  return frame;
}

void turn(AVFrame& frame, const std::array<std::int32_t, 4>& matrix) {
  AVFrameSideData* const data = av_frame_new_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t));
  REQUIRE(data);
  const std::array<std::int32_t, 9> all{matrix[0] << 16, matrix[1] << 16, 0, matrix[2] << 16, matrix[3] << 16, 0, 0, 0,
                                        1 << 30};
  std::memcpy(data->data, all.data(), sizeof all);
}

/// libswscale's own result in rows with more room than it can ask for, neither turned nor laid over black.
Pixels straight(const AVFrame& frame, Size to, AVPixelFormat format) {
  const auto channels = static_cast<std::size_t>(format == AV_PIX_FMT_RGBA ? 4 : 3);
  const SwsContextPtr context(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
                                             to.width, to.height, format, SWS_BILINEAR, nullptr, nullptr, nullptr));
  REQUIRE(context);
  const auto width = static_cast<std::size_t>(to.width);
  const std::size_t stride = (width + 127) / 64 * 64 * channels;
  std::vector<std::uint8_t> roomy(stride * static_cast<std::size_t>(to.height + 1), kReferenceFilling);
  std::uint8_t* const planes[] = {roomy.data(), nullptr, nullptr, nullptr};
  const int strides[] = {static_cast<int>(stride), 0, 0, 0};
  REQUIRE(sws_scale(context.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) == to.height);
  Pixels rgb;
  for (std::size_t y = 0; y < static_cast<std::size_t>(to.height); ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::uint8_t* const pixel = roomy.data() + y * stride + x * channels;
      std::array<std::uint8_t, 3> shown{pixel[0], pixel[1], pixel[2]};
      if (channels == 4) layOverBlack(pixel, shown.data(), 1);
      rgb.insert(rgb.end(), shown.begin(), shown.end());
    }
  }
  return rgb;
}

std::vector<int> widths() {
  std::vector<int> all;
  for (int width = 1; width <= 200; ++width) all.push_back(width);
  for (const int usual : {340, 426, 532, 640, 852, 1280, 1366, 1617, 1920}) {
    for (int width = usual - 3; width <= usual + 3; ++width) all.push_back(width);
  }
  return all;
}

/// Formats that libswscale reads; those of sensors and of floats come from no decoder that is allowed.
std::vector<AVPixelFormat> formats() {
  std::vector<AVPixelFormat> all;
  for (const AVPixFmtDescriptor* format = av_pix_fmt_desc_next(nullptr); format;
       format = av_pix_fmt_desc_next(format)) {
    const AVPixelFormat id = av_pix_fmt_desc_get_id(format);
    constexpr std::uint64_t kOthers = AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
    if ((format->flags & kOthers) == 0 && sws_isSupportedInput(id)) all.push_back(id);
  }
  return all;
}

/// Converters of a file whose frames the tests make themselves.
class Pictures {
 public:
  Pictures()
      : path_(encode(folder_, "any.mkv", "16x16", 1, "-c:v ffv1")),
        source_(path_, options_.limits.bytes),
        demuxer_(source_, options_, token_, Demuxer::Detail::Decodable) {}

  /// The frame in RGB, the same bytes whatever the memory held before.
  Pixels convert(AVFrame& frame) {
    const Pixels zeros = convert(frame, 0x00);
    CHECK(convert(frame, 0xFF) == zeros);
    return zeros;
  }

  /// The container's word on the shape of the pixels goes before the frame's.
  void shapePixels(AVRational ratio) { demuxer_.stream().sample_aspect_ratio = ratio; }

 private:
  Pixels convert(AVFrame& frame, std::uint8_t filling) {
    const Poison poison(filling);
    Converter converter(demuxer_, options_);
    const Picture picture = converter.convert(frame);
    const auto bytes = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3;
    return {picture.rgb, picture.rgb + bytes};
  }

  TempFolder folder_;
  std::string path_;
  ReadOptions options_;
  CancelToken token_;
  FileSource source_;
  Demuxer demuxer_;
};

AVPixelFormat rgbFor(AVPixelFormat format) {
  return hasAlpha(format) ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
}

TEST_CASE("no byte is left unwritten: every width and pixel format") {
  Pictures pictures;
  for (const AVPixelFormat format : formats()) {
    CAPTURE(av_get_pix_fmt_name(format));
    for (const int width : widths()) {
      CAPTURE(width);
      const Size size{width, 4 + width % 3};
      const FramePtr frame = pictureOf(size, format);
      CHECK(pictures.convert(*frame) == straight(*frame, size, rgbFor(format)));
    }
  }
}

TEST_CASE("no byte is left unwritten: every orientation, of every width") {
  Pictures pictures;
  // Rows of (a, b, c, d): each axis kept or mirrored, and the same with the axes swapped.
  for (const std::int32_t x : {1, -1}) {
    for (const std::int32_t y : {1, -1}) {
      for (const std::array<std::int32_t, 4>& matrix : {std::array{x, 0, 0, y}, std::array{0, x, y, 0}}) {
        CAPTURE(matrix[0]);
        CAPTURE(matrix[1]);
        for (const int width : widths()) {
          CAPTURE(width);
          const Size size{width, 6};
          const FramePtr frame = pictureOf(size, AV_PIX_FMT_YUV420P);
          Pixels upright = straight(*frame, size, AV_PIX_FMT_RGB24);
          turn(*frame, matrix);
          Pixels turned = pictures.convert(*frame);
          // Where every pixel went does not matter here: each came from somewhere.
          std::ranges::sort(turned);
          std::ranges::sort(upright);
          CHECK(turned == upright);
        }
      }
    }
  }
}

TEST_CASE("no byte is left unwritten: pictures that are scaled, of every width") {
  Pictures pictures;
  for (const AVPixelFormat format : {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV420P10,
                                     AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUVA420P, AV_PIX_FMT_RGBA, AV_PIX_FMT_PAL8}) {
    CAPTURE(av_get_pix_fmt_name(format));
    for (const int width : widths()) {
      for (const AVRational pixel : {AVRational{4, 3}, AVRational{1, 2}}) {
        CAPTURE(width);
        CAPTURE(pixel.num);
        const FramePtr frame = pictureOf({width, 6}, format);
        pictures.shapePixels(pixel);
        const Size to = squarePixels({width, 6}, av_q2d(pixel));
        CHECK(pictures.convert(*frame) == straight(*frame, to, rgbFor(format)));
      }
    }
  }
}

TEST_CASE("no byte is left unwritten: pictures of high dynamic range, of every width") {
  Pictures pictures;
  for (const AVPixelFormat format : {AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV444P12, AV_PIX_FMT_YUVA420P10}) {
    for (const int width : widths()) {
      CAPTURE(width);
      const FramePtr frame = pictureOf({width, 6}, format);
      frame->color_trc = AVCOL_TRC_SMPTE2084;
      const Pixels flat = pictures.convert(*frame);
      CHECK(std::ranges::count(flat, std::uint8_t{0}) < std::ssize(flat));
    }
  }
}

}  // namespace
}  // namespace tubelet::video::test
