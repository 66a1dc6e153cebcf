#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "video/container/demuxer.h"
#include "video/pictures/converter.h"
#include "video/pictures/decoder.h"
#include "video/pictures/deinterlacer.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

constexpr const char* kFilter = "bwdif=mode=send_frame:deint=interlaced";

struct Decoded {
  std::vector<Pixels> whole;  ///< deinterlaced
  std::vector<Pixels> woven;  ///< as decoded
  int interlaced = 0;
};

Pixels toPixels(Converter& converter, AVFrame& frame) {
  const Picture picture = converter.convert(frame);
  return {picture.rgb, picture.rgb + std::ptrdiff_t{3} * picture.width * picture.height};
}

Decoded deinterlaced(const std::string& path) {
  const ReadOptions options;
  const CancelToken token;
  FileSource source(path, options.limits.bytes);
  Demuxer demuxer(source, options, token);
  Decoder decoder(demuxer.stream(), options, source.name());
  Converter converter(demuxer, options);
  std::vector<FramePtr> frames;
  const auto receive = [&] {
    FramePtr frame(av_frame_alloc());
    for (; decoder.receive(*frame) == Decoder::Received::Frame; frame.reset(av_frame_alloc())) {
      frames.push_back(std::move(frame));
    }
  };
  const PacketPtr packet(av_packet_alloc());
  while (demuxer.read(*packet)) {
    decoder.send(packet.get());
    receive();
  }
  decoder.send(nullptr);
  receive();

  Deinterlacer deinterlacer(demuxer.stream());
  Decoded decoded;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const AVFrame* previous = i > 0 ? frames[i - 1].get() : nullptr;
    const AVFrame* next = i + 1 < frames.size() ? frames[i + 1].get() : nullptr;
    const FramePtr whole = deinterlacer.deinterlace(previous, *frames[i], next);
    CHECK(whole->pts == frames[i]->pts);
    decoded.whole.push_back(toPixels(converter, *whole));
    decoded.woven.push_back(toPixels(converter, *frames[i]));
    decoded.interlaced += Deinterlacer::needed(*frames[i]) ? 1 : 0;
  }
  return decoded;
}

TEST_CASE("interlaced pictures become those of the ffmpeg program's bwdif") {
  const TempFolder folder;
  const std::string top = "-vf tinterlace=interleave_top ";
  const std::string bottom = "-vf tinterlace=interleave_bottom ";
  const std::vector<std::pair<std::string, std::string>> encodings = {
      {"mpeg2-top.ts", top + "-c:v mpeg2video -flags +ilme+ildct -bf 2 -g 12 -q:v 3"},
      {"mpeg2-bottom.ts", bottom + "-c:v mpeg2video -flags +ilme+ildct -bf 2 -g 12 -q:v 3"},
      {"h264-top.mp4",
       top + "-c:v libx264 -preset veryfast -flags +ilme+ildct -bf 2 -x264-params tff=1 -pix_fmt yuv420p"},
      {"h264-422-10.mp4",
       top + "-c:v libx264 -preset veryfast -flags +ilme+ildct -x264-params tff=1 -pix_fmt yuv422p10"},
      {"prores.mov", bottom + "-c:v prores_ks -profile:v 1 -flags +ildct"},
      {"one.ts", top + "-c:v mpeg2video -flags +ilme+ildct -q:v 3 -frames:v 1"},
  };
  for (const auto& [name, encoding] : encodings) {
    CAPTURE(name);
    const std::string path = encode(folder, name, "160x96", 12, encoding);
    const Decoded decoded = deinterlaced(path);
    const std::vector<Pixels> reference = ffmpegFrames(folder, path, 160, 96, "v:0", kFilter);
    REQUIRE(decoded.whole.size() == reference.size());
    CHECK(decoded.interlaced == static_cast<int>(reference.size()));
    for (std::size_t i = 0; i < reference.size(); ++i) {
      CAPTURE(i);
      CHECK(difference(decoded.whole[i], reference[i]) == 0);
      // Without its neighbours in time a picture gives bwdif nothing to separate the fields by.
      if (reference.size() > 1) CHECK(difference(decoded.woven[i], reference[i]) > 20);
    }
  }
}

TEST_CASE("progressive pictures among interlaced ones") {
  const TempFolder folder;
  const std::string woven = "-vf tinterlace=interleave_top -c:v mpeg2video -flags +ilme+ildct -g 12 -q:v 3";
  const std::string first = encode(folder, "first.ts", "160x96", 6, woven);
  const std::string second =
      encode(folder, "second.ts", "160x96", 6, "-c:v mpeg2video -g 12 -q:v 3 -output_ts_offset 0.24");
  const std::string third = encode(folder, "third.ts", "160x96", 6, woven + " -output_ts_offset 0.48");
  const std::string path = folder / "mixed.ts";
  write(path, contents(first) + contents(second) + contents(third));

  const Decoded decoded = deinterlaced(path);
  const std::vector<Pixels> reference = ffmpegFrames(folder, path, 160, 96, "v:0", kFilter);
  REQUIRE(decoded.whole.size() == reference.size());
  CHECK(decoded.interlaced >= 11);
  CHECK(decoded.interlaced < static_cast<int>(reference.size()));
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(decoded.whole[i], reference[i]) == 0);
  }
}

TEST_CASE("where the size changes, one video ends and another begins") {
  const TempFolder folder;
  const std::string woven =
      "-vf tinterlace=interleave_top -c:v libx264 -preset veryfast -flags +ilme+ildct -x264-params tff=1 -bf 0 "
      "-pix_fmt yuv420p";
  const std::string first = encode(folder, "first.ts", "160x96", 6, woven);
  const std::string second = encode(folder, "second.ts", "320x192", 6, woven + " -output_ts_offset 0.24");
  const std::string path = folder / "joined.ts";
  write(path, contents(first) + contents(second));

  const Decoded decoded = deinterlaced(path);
  const std::vector<Pixels> small = ffmpegFrames(folder, first, 160, 96, "v:0", kFilter);
  const std::vector<Pixels> large =
      ffmpegFrames(folder, second, 160, 96, "v:0", std::string(kFilter) + ",scale=160:96");
  REQUIRE(decoded.whole.size() == small.size() + large.size());
  for (std::size_t i = 0; i < decoded.whole.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(decoded.whole[i], i < small.size() ? small[i] : large[i - small.size()]) <= 3);
  }
}

TEST_CASE("pictures too low to have fields are left alone") {
  AVStream stream{};
  stream.time_base = {1, 25};
  for (const int height : {1, 3, 15, 16}) {
    CAPTURE(height);
    const FramePtr frame(av_frame_alloc());
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = 16;
    frame->height = height;
    REQUIRE(av_frame_get_buffer(frame.get(), 0) == 0);
    markInterlaced(*frame);
    CHECK(Deinterlacer::needed(*frame) == (height == 16));
    const FramePtr whole = Deinterlacer(stream).deinterlace(nullptr, *frame, nullptr);
    CHECK((whole->data[0] == frame->data[0]) == (height < 16));
  }
}

}  // namespace
}  // namespace tubelet::video::test
