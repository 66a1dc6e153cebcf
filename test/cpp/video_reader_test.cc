#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "video/probe.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

struct Encoding {
  std::string name;
  std::string options;
};

constexpr const char* kH264 = "-c:v libx264 -preset veryfast -bf 2 -g 12 -pix_fmt yuv420p";

/// Checks every frame of `path`, read in one go, and some read far apart, against the ffmpeg program's.
void checkAgainstFfmpeg(const TempFolder& folder, const std::string& path, int width, int height,
                        const std::string& filter = "null") {
  const std::vector<Pixels> reference = ffmpegFrames(folder, path, width, height, "v:0", filter);
  const int count = static_cast<int>(reference.size());
  REQUIRE(count > 0);

  const Clip all = read(path, consecutive(count));
  CHECK(all.width == width);
  CHECK(all.height == height);
  CHECK(!all.info.repeated);
  CHECK(all.info.warnings.empty());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(all.slots[i], reference[i]) <= 1);
  }

  const Clip some = read(path, spread(3));
  for (int k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(difference(some.slots[static_cast<std::size_t>(k)], reference[static_cast<std::size_t>(k * count / 3)]) <= 1);
  }
  CHECK(some.info.warnings.empty());
}

TEST_CASE("frames equal the ffmpeg program's in every container and codec") {
  const TempFolder folder;
  const std::vector<Encoding> encodings = {
      {"h264.mp4", kH264},
      {"open-gop.mp4", "-c:v libx264 -preset veryfast -bf 3 -g 10 -x264-params open-gop=1 -pix_fmt yuv420p"},
      {"intra-refresh.mp4", "-c:v libx264 -preset veryfast -g 10 -x264-params intra-refresh=1 -pix_fmt yuv420p"},
      {"fragmented.mp4", "-c:v libx264 -preset veryfast -g 10 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov"},
      {"h264.mkv", kH264},
      {"h264.ts", kH264},
      {"h264.flv", kH264},
      {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=12 -pix_fmt yuv420p"},
      {"ten-bit.mp4", "-c:v libx264 -preset veryfast -g 12 -pix_fmt yuv420p10le"},
      {"444.mp4", "-c:v libx264 -preset veryfast -g 12 -pix_fmt yuv444p"},
      {"vp8.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 12 -g 15 -b:v 300k"},
      {"vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 15 -b:v 300k"},
      {"av1.mp4", "-c:v libsvtav1 -preset 10 -g 15 -pix_fmt yuv420p"},
      {"mpeg4.avi", "-c:v mpeg4 -bf 2 -g 12 -q:v 3"},
      {"mpeg2.ts", "-c:v mpeg2video -bf 2 -g 12 -q:v 3"},
      {"mpeg1.mpg", "-c:v mpeg1video -bf 2 -g 12 -q:v 3"},
      {"mjpeg.avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"},
      {"prores.mov", "-c:v prores_ks -profile:v 0"},
      {"theora.ogv", "-c:v libtheora -g 12 -q:v 5"},
      {"ffv1.mkv", "-c:v ffv1 -g 12"},
      {"animation.gif", "-c:v gif"},
      {"animation.apng", "-c:v apng -f apng"},
  };
  for (const Encoding& encoding : encodings) {
    CAPTURE(encoding.name);
    const std::string path = encode(folder, encoding.name, "160x96", 40, encoding.options);
    checkAgainstFfmpeg(folder, path, 160, 96);
  }
}

TEST_CASE("colours follow the stream's own matrix and range") {
  const TempFolder folder;
  for (const std::string matrix : {"bt709", "smpte170m", "bt2020nc"}) {
    for (const std::string range : {"tv", "pc"}) {
      CAPTURE(matrix);
      CAPTURE(range);
      std::string options = kH264;
      options.append(" -colorspace ").append(matrix).append(" -color_range ").append(range);
      const std::string path = encode(folder, "colours.mp4", "160x96", 3, options);
      checkAgainstFfmpeg(folder, path, 160, 96);
    }
  }
  // The comparison above would pass if both ignored the tags: they must make a difference.
  const std::string limited = encode(folder, "tv.mp4", "160x96", 1, std::string(kH264) + " -color_range tv");
  ffmpeg("-i " + limited + " -c copy -bsf:v h264_metadata=video_full_range_flag=1 " + (folder / "pc.mp4"));
  ffmpeg("-i " + limited + " -c copy -bsf:v h264_metadata=matrix_coefficients=1 " + (folder / "709.mp4"));
  const Pixels plain = read(limited, consecutive(1)).slots[0];
  CHECK(difference(plain, read(folder / "pc.mp4", consecutive(1)).slots[0]) > 5);
  CHECK(difference(plain, read(folder / "709.mp4", consecutive(1)).slots[0]) > 5);
}

TEST_CASE("odd sizes of 4:2:0 pictures") {
  const TempFolder folder;
  const std::string path =
      encode(folder, "odd.webm", "160x96", 6, "-vf scale=131:97,setsar=1 -c:v libvpx-vp9 -cpu-used 8 -pix_fmt yuv420p");
  checkAgainstFfmpeg(folder, path, 131, 97);
}

TEST_CASE("pixels that are not square are stretched to the width they are shown at") {
  const TempFolder folder;
  const std::string path = encode(folder, "wide.mp4", "120x96", 6, std::string(kH264) + " -vf setsar=4/3");
  checkAgainstFfmpeg(folder, path, 160, 96, "scale=160:96");
}

TEST_CASE("turned and mirrored pictures stand upright") {
  const TempFolder folder;
  const std::string stored = encode(folder, "stored.mp4", "160x96", 3, kH264);
  // Each of the eight display matrices, as the sixteen-bit fraction a, b, c, d of the track header.
  struct Case {
    int a, b, c, d;
    int rotation;
    bool mirrored;
  };
  const std::vector<Case> cases = {
      {1, 0, 0, 1, 0, false}, {0, 1, -1, 0, 90, false}, {-1, 0, 0, -1, 180, false}, {0, -1, 1, 0, 270, false},
      {-1, 0, 0, 1, 0, true}, {0, -1, -1, 0, 90, true}, {1, 0, 0, -1, 180, true},   {0, 1, 1, 0, 270, true},
  };
  const std::string original = contents(stored);
  const std::string identity("\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0", 36);
  for (const Case& one : cases) {
    CAPTURE(one.rotation);
    CAPTURE(one.mirrored);
    std::string bytes = original;
    const std::size_t track = bytes.find("tkhd");
    REQUIRE(track != std::string::npos);
    const std::size_t matrix = bytes.find(identity, track);
    REQUIRE(matrix != std::string::npos);
    const auto put = [&bytes, matrix](std::size_t number, int value) {
      const std::uint32_t fixed = static_cast<std::uint32_t>(value) << 16;
      for (std::size_t i = 0; i < 4; ++i) bytes[matrix + 4 * number + i] = static_cast<char>(fixed >> (24 - 8 * i));
    };
    put(0, one.a);
    put(1, one.b);
    put(3, one.c);
    put(4, one.d);
    const std::string path = folder / "turned.mp4";
    write(path, bytes);

    const bool swapped = one.rotation % 180 != 0;
    checkAgainstFfmpeg(folder, path, swapped ? 96 : 160, swapped ? 160 : 96);
    const VideoInfo info = probeFile(path);
    CHECK(info.rotation == one.rotation);
    CHECK(info.mirrored == one.mirrored);
    CHECK(info.width == (swapped ? 96 : 160));
    CHECK(info.height == (swapped ? 160 : 96));
    CHECK(info.codedWidth == 160);
  }
}

TEST_CASE("times are those of the frames") {
  const TempFolder folder;
  SUBCASE("constant rate, from a start other than 0") {
    const std::string path = encode(folder, "late.ts", "160x96", 30, std::string(kH264) + " -output_ts_offset 7");
    const Clip clip = read(path, trained(4, 0.2));
    const std::vector<double> expected = {0.28, 0.48, 0.68, 0.88};
    for (std::size_t k = 0; k < 4; ++k) CHECK(clip.info.timestamps[k] == doctest::Approx(expected[k]));
    CHECK(clip.info.start == doctest::Approx(0.28));
    CHECK(clip.info.end == doctest::Approx(0.92));
  }
  SUBCASE("variable rate") {
    const std::string path = encode(folder, "vfr.mkv", "160x96", 40,
                                    std::string(kH264) + " -vf \"select='lt(n,4)+not(mod(n,10))'\" -fps_mode vfr");
    // Frames at 0, 1, 2, 3, 10, 20, 30 ... twenty-fifths of a second.
    const Clip clip = read(path, consecutive(6));
    const std::vector<double> expected = {0, 0.04, 0.08, 0.12, 0.4, 0.8};
    for (std::size_t k = 0; k < 6; ++k) CHECK(clip.info.timestamps[k] == doctest::Approx(expected[k]).epsilon(0.001));
    CHECK(clip.info.end == doctest::Approx(1.2).epsilon(0.001));
    checkAgainstFfmpeg(folder, path, 160, 96);
  }
  SUBCASE("no presentation times at all") {
    const std::string path = encode(folder, "h264.avi", "160x96", 30, kH264);
    const Clip clip = read(path, spread(3));
    CHECK(clip.info.timestamps[1] == doctest::Approx(0.4));
    CHECK(clip.info.timestamps[2] == doctest::Approx(0.8));
    checkAgainstFfmpeg(folder, path, 160, 96);
  }
  SUBCASE("an edit list that cuts the beginning away") {
    const std::string whole = encode(folder, "whole.mp4", "160x96", 50, kH264);
    const std::string path = folder / "cut.mp4";
    ffmpeg("-ss 0.7 -i " + whole + " -c copy " + path);
    checkAgainstFfmpeg(folder, path, 160, 96);
    CHECK(read(path, consecutive(2)).info.timestamps[1] == doctest::Approx(0.04));
  }
}

TEST_CASE("a video that is too short repeats frames and says so") {
  const TempFolder folder;
  const std::string path = encode(folder, "short.mp4", "64x48", 3, kH264);
  Sampling sampling = trained(5, 1);
  const Clip last = read(path, sampling);
  CHECK(last.info.repeated);
  CHECK(last.slots[4] == last.slots[2]);
  CHECK(last.info.end == doctest::Approx(0.12));
  sampling.padding = Sampling::Padding::Loop;
  const Clip loop = read(path, sampling);
  CHECK(loop.slots[3] == loop.slots[0]);
  CHECK(loop.info.timestamps[4] == doctest::Approx(0.04));
}

TEST_CASE("the stream is the one that the ffmpeg program takes") {
  const TempFolder folder;
  const std::string path = folder / "streams.mkv";
  ffmpeg(
      "-f lavfi -i testsrc2=size=64x48:rate=25 -f lavfi -i testsrc2=size=128x96:rate=25 -f lavfi -i sine "
      "-map 0 -map 2 -map 1 -t 0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac "
      "-disposition:v:0 default -disposition:v:1 default " +
      path);
  CHECK(probeFile(path).streamIndex == 2);
  CHECK(read(path, consecutive(1)).width == 128);

  const std::string marked = folder / "marked.mkv";
  ffmpeg("-i " + path + " -map 0 -c copy -disposition:v:1 0 " + marked);
  CHECK(probeFile(marked).streamIndex == 0);
}

TEST_CASE("a picture that changes its size in mid-stream is scaled to the first's") {
  const TempFolder folder;
  const std::string small = encode(folder, "small.ts", "64x48", 10, kH264);
  const std::string large = encode(folder, "large.ts", "128x96", 10, std::string(kH264) + " -output_ts_offset 0.4");
  const std::string path = folder / "both.ts";
  write(path, contents(small) + contents(large));
  const Clip clip = read(path, spread(4));
  CHECK(clip.slots[3].size() == clip.slots[0].size());
  REQUIRE(clip.info.warnings.size() == 1);
  CHECK(clip.info.warnings[0].find("size changes") != std::string::npos);
}

TEST_CASE("probe says what the headers say") {
  const TempFolder folder;
  const std::string path = folder / "probe.mp4";
  ffmpeg(
      "-f lavfi -i testsrc2=size=120x96:rate=25 -f lavfi -i sine -t 2 -vf setsar=4/3 -c:v libx264 -preset ultrafast "
      "-pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -c:a aac " +
      path);
  const VideoInfo info = probeFile(path);
  CHECK(info.container == "mov,mp4,m4a,3gp,3g2,mj2");
  CHECK(info.codec == "h264");
  CHECK(info.pixelFormat == "yuv420p");
  CHECK(info.width == 160);
  CHECK(info.height == 96);
  CHECK(info.codedWidth == 120);
  CHECK(info.sampleAspectRatio == doctest::Approx(4.0 / 3));
  CHECK(info.fps.value_or(0) == doctest::Approx(25));
  CHECK(info.duration.value_or(0) == doctest::Approx(2));
  CHECK(info.colorMatrix == "bt709");
  CHECK(info.colorRange == "tv");
  CHECK(info.colorPrimaries == "bt709");
  CHECK(info.colorTransfer == "bt709");
  CHECK(info.bytes == static_cast<std::int64_t>(contents(path).size()));
  REQUIRE(info.streams.size() == 2);
  CHECK(info.streams[0].type == "video");
  CHECK(info.streams[1].type == "audio");
  CHECK(info.streams[1].codec == "aac");
}

TEST_CASE("eight readers at once read what one reads") {
  const TempFolder folder;
  const std::string path = encode(folder, "shared.mp4", "160x96", 40, kH264);
  const Clip alone = read(path, spread(8));
  std::vector<Clip> clips(8);
  std::vector<std::thread> threads;
  threads.reserve(clips.size());
  for (Clip& clip : clips) threads.emplace_back([&clip, &path] { clip = read(path, spread(8)); });
  for (std::thread& thread : threads) thread.join();
  for (const Clip& clip : clips) CHECK(clip.slots == alone.slots);
}

}  // namespace
}  // namespace tubelet::video::test
