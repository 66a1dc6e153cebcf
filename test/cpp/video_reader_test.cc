#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "video/common/libav.h"
#include "video/container/probe.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

struct Encoding {
  std::string name;
  std::string options;
};

constexpr const char* kH264 = "-c:v libx264 -preset veryfast -bf 2 -g 12 -pix_fmt yuv420p";

Sampling at(std::vector<double> timestamps) {
  Sampling sampling;
  sampling.mode = Sampling::Mode::Timestamps;
  sampling.frames = static_cast<int>(timestamps.size());
  sampling.timestamps = std::move(timestamps);
  return sampling;
}

Sampling numbered(std::vector<std::int64_t> indices) {
  Sampling sampling;
  sampling.mode = Sampling::Mode::Indices;
  sampling.frames = static_cast<int>(indices.size());
  sampling.indices = std::move(indices);
  return sampling;
}

/// The times of the frames that the ffprobe program decodes, ascending, from the first of them.
std::vector<double> ffprobeTimes(const TempFolder& folder, const std::string& path) {
  const std::string list = folder / "times";
  const std::string command =
      "ffprobe -v quiet -select_streams v:0 -show_entries frame=best_effort_timestamp_time -of csv=p=0 " + path +
      " > " + list;
  REQUIRE(std::system(command.c_str()) == 0);
  std::vector<double> times;
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) times.push_back(std::stod(line));
  }
  std::ranges::sort(times);
  REQUIRE(!times.empty());
  const double first = times.front();
  for (double& time : times) time -= first;
  return times;
}

/// What reading `path` throws, as "CODE message"; "none" when it throws nothing.
std::string failure(const std::string& path, const Sampling& sampling, const ReadOptions& options = {}) {
  try {
    read(path, sampling, options);
  } catch (const Error& error) {
    return std::string(codeName(error.code())) + " " + error.what();
  }
  return "none";
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

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

  // Alone, each is reached by the shortest way: a seek, and no picture decoded that it does not refer to.
  for (int i = 0; i < count; i += 1 + count / 7) {
    CAPTURE(i);
    CHECK(read(path, numbered({i})).slots[0] == all.slots[static_cast<std::size_t>(i)]);
  }
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

TEST_CASE("animated WebP is read where libav takes it apart") {
  const TempFolder folder;
  const std::string path = encode(folder, "animation.webp", "160x96", 12, "-c:v libwebp_anim -lossless 1 -loop 0");
  if (av_find_input_format("webp_anim")) {
    checkAgainstFfmpeg(folder, path, 160, 96);
  } else {
    CHECK(readCode(path) == "NOT_A_VIDEO");
  }
}

TEST_CASE("frames far apart equal those read in one go, whatever the seek") {
  const TempFolder folder;
  // Noise makes files large enough for seeks ahead.
  const std::string source = " -vf noise=alls=40:allf=t -pix_fmt yuv420p ";
  for (const Encoding& encoding : std::vector<Encoding>{
           {"far.mp4", "-c:v libx264 -preset ultrafast -bf 2 -g 20 -crf 18"},
           {"far.mkv", "-c:v libx264 -preset ultrafast -bf 2 -g 20 -crf 18"},
           {"far.ts", "-c:v libx264 -preset ultrafast -bf 2 -g 20 -crf 18"},
           {"far.flv", "-c:v libx264 -preset ultrafast -g 20 -crf 18"},
           {"far.avi", "-c:v mpeg4 -g 20 -q:v 2"},
           {"open.mp4", "-c:v libx265 -preset ultrafast -crf 18 -x265-params log-level=error:keyint=20:open-gop=1"},
           {"layers.mp4",
            "-c:v libx265 -preset ultrafast -crf 18 -x265-params log-level=error:keyint=20:temporal-layers=1"},
           {"open.ts", "-c:v mpeg2video -bf 2 -g 12 -q:v 2"},
       }) {
    CAPTURE(encoding.name);
    const std::string path = encode(folder, encoding.name, "320x240", 120, source + encoding.options);
    const Clip all = read(path, consecutive(120));
    CHECK(all.info.warnings.empty());
    const Clip apart = read(path, numbered({115, 3, 61, 62, 3}));
    CHECK(apart.info.warnings.empty());
    CHECK(apart.slots[0] == all.slots[115]);
    CHECK(apart.slots[1] == all.slots[3]);
    CHECK(apart.slots[2] == all.slots[61]);
    CHECK(apart.slots[3] == all.slots[62]);
    CHECK(apart.slots[4] == all.slots[3]);
  }
}

TEST_CASE("an interlaced frame read alone equals the same read among its neighbours") {
  const TempFolder folder;
  for (const Encoding& encoding : std::vector<Encoding>{
           {"fields.mp4", "-c:v libx264 -preset veryfast -bf 2 -g 12 -flags +ildct+ilme -pix_fmt yuv420p"},
           {"fields.ts", "-c:v mpeg2video -bf 2 -g 12 -flags +ildct+ilme -q:v 3"},
       }) {
    CAPTURE(encoding.name);
    const std::string path =
        encode(folder, encoding.name, "160x96", 40, "-vf tinterlace=interleave_top,setsar=1 " + encoding.options);
    const Clip all = read(path, consecutive(20));
    for (const int i : {0, 5, 12, 13, 19}) {
      CAPTURE(i);
      CHECK(read(path, numbered({i})).slots[0] == all.slots[static_cast<std::size_t>(i)]);
    }
  }
}

TEST_CASE("the frame at a time is the one that the ffprobe program lists") {
  const TempFolder folder;
  const auto open = [&folder](const std::string& name, const std::string& options) {
    return encode(folder, name, "160x96", 50, options);
  };
  const std::string x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 10 ";
  const std::string x265 = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p ";
  std::vector<std::string> paths;

  open("whole.ts", x264 + "-bf 2");
  paths.push_back(folder / "mid-picture.ts");
  const std::string whole = contents(folder / "whole.ts");
  write(paths.back(), whole.substr(whole.size() / 7 / 188 * 188));

  open("crs.ts", x265 + "-x265-params log-level=error:keyint=10:min-keyint=10:open-gop=1:bframes=3");
  paths.push_back(folder / "skipped-leading.mkv");
  ffmpeg("-ss 0.9 -i " + (folder / "crs.ts") + " -c copy " + paths.back());

  open("mpeg2.ts", "-c:v mpeg2video -bf 2 -g 12 -q:v 3");
  paths.push_back(folder / "mpeg2-leading.mkv");
  ffmpeg("-ss 1.2 -i " + (folder / "mpeg2.ts") + " -c copy " + paths.back());

  open("open.mp4", x264 + "-bf 3 -x264-params open-gop=1:b-pyramid=normal");
  paths.push_back(folder / "open.mp4");
  paths.push_back(folder / "recovery-point.mkv");
  ffmpeg("-ss 0.9 -i " + (folder / "open.mp4") + " -c copy " + paths.back());

  open("refresh.ts", x264 + "-x264-params intra-refresh=1");
  paths.push_back(folder / "refresh.ts");

  paths.push_back(folder / "negative.mp4");
  ffmpeg("-i " + (folder / "whole.ts") + " -c copy -output_ts_offset -1 -avoid_negative_ts disabled " + paths.back());

  paths.push_back(open("variable.mp4", x264 + "-bf 2 -vf \"select='lt(n,4)+not(mod(n,7))'\" -fps_mode vfr"));

  // The second half's times start again from the first's.
  paths.push_back(folder / "backwards.ts");
  write(paths.back(), whole + whole);

  for (const std::string& path : paths) {
    CAPTURE(path);
    const std::vector<double> times = ffprobeTimes(folder, path);
    const Clip all = read(path, consecutive(static_cast<int>(times.size())));
    CHECK(!all.info.tooShort);
    CHECK(all.info.warnings.empty());
    for (std::size_t i = 0; i < times.size(); ++i) {
      CAPTURE(i);
      CHECK(all.info.timestamps[i] == doctest::Approx(times[i]).epsilon(0.0001));
    }
    CHECK(holds(failure(path, consecutive(static_cast<int>(times.size()) + 1)), "none"));
    CHECK(read(path, consecutive(static_cast<int>(times.size()) + 1)).info.tooShort);

    std::mt19937 random(3);
    std::vector<double> asked;
    for (int i = 0; i < 6; ++i) asked.push_back(times.back() * static_cast<double>(random() % 1000) / 1000);
    const Clip some = read(path, at(asked));
    for (std::size_t k = 0; k < asked.size(); ++k) {
      CAPTURE(asked[k]);
      const auto shown =
          std::ranges::upper_bound(all.info.timestamps, asked[k] + 1e-6) - all.info.timestamps.begin() - 1;
      CHECK(some.info.timestamps[k] == all.info.timestamps[static_cast<std::size_t>(shown)]);
      CHECK(some.slots[k] == all.slots[static_cast<std::size_t>(shown)]);
    }
  }
}

TEST_CASE("times, indices and ranges outside the video name what is inside") {
  const TempFolder folder;
  const std::string path = encode(folder, "second.mp4", "64x48", 25, kH264);
  const Clip clip = read(path, at({0.96, 0.999, 0, 0.04}));
  CHECK(clip.slots[0] == clip.slots[1]);
  CHECK(clip.info.timestamps[3] == doctest::Approx(0.04));
  CHECK(clip.info.end == doctest::Approx(1));
  CHECK(clip.info.repeated);
  CHECK(!clip.info.tooShort);

  for (const double t : {-0.1, 1.0, 7.0}) {
    CAPTURE(t);
    const std::string message = failure(path, at({0.5, t}));
    CHECK(holds(message, "INVALID_ARGUMENT"));
    CHECK(holds(message, "from 0.000 s up to, not including, 1.000 s"));
  }
  CHECK(holds(failure(path, numbered({25})), "frames 0 to 24"));
  CHECK(holds(failure(path, numbered({-1})), "frames 0 to 24"));

  Sampling part = at({0.4});
  part.start = 0.5;
  part.end = 0.8;
  CHECK(holds(failure(path, part), "from 0.500 s up to, not including, 0.800 s"));
  part = spread(4);
  part.start = 1.5;
  CHECK(holds(failure(path, part), "the video ends at 1.000 s"));
  part.end = 1.2;
  CHECK(holds(failure(path, part), "INVALID_ARGUMENT"));

  part = consecutive(3);
  part.start = 0.5;  // frame 12 is on the screen, from 0.48 s on
  part.end = 0.6;    // frames 12, 13 and 14
  const Clip inside = read(path, part);
  CHECK(inside.info.start == doctest::Approx(0.48));
  CHECK(inside.info.end == doctest::Approx(0.6));
  CHECK(!inside.info.tooShort);
  CHECK(inside.slots[0] == read(path, numbered({12})).slots[0]);
  part.frames = 4;
  CHECK(read(path, part).info.tooShort);
}

TEST_CASE("a stream can be asked for, and what is asked for must be a video") {
  const TempFolder folder;
  const std::string path = folder / "streams.mkv";
  ffmpeg(
      "-f lavfi -i testsrc2=size=64x48:rate=25 -f lavfi -i testsrc2=size=128x96:rate=25 -f lavfi -i sine "
      "-map 0 -map 1 -map 2 -t 0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac " +
      path);
  CHECK(read(path, consecutive(1)).width == 64);
  CHECK(read(path, consecutive(1), {.limits = {}, .stream = 1}).width == 128);
  CHECK(probeFile(path, {.limits = {}, .stream = 1}).streamIndex == 1);
  for (const int stream : {-1, 2, 3}) {
    CAPTURE(stream);
    const std::string message = failure(path, consecutive(1), {.limits = {}, .stream = stream});
    CHECK(holds(message, "INVALID_ARGUMENT"));
    CHECK(holds(message, "0 video (h264), 1 video (h264), 2 audio (aac)"));
  }
  ffmpeg("-f lavfi -i testsrc2=size=64x48 -frames:v 1 " + (folder / "cover.png"));
  const std::string covered = folder / "covered.mp4";
  ffmpeg("-i " + path + " -i " + (folder / "cover.png") + " -map 0:0 -map 1 -c copy -disposition:v:1 attached_pic " +
         covered);
  CHECK(holds(failure(covered, consecutive(1), {.limits = {}, .stream = 1}), "cover picture"));
}

TEST_CASE("damage is an error in the part that is asked for, and a warning when it is tolerated") {
  constexpr ReadOptions kTolerate = {.limits = {}, .onCorrupt = ReadOptions::OnCorrupt::Tolerate};
  const TempFolder folder;
  const std::string options = "-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p -movflags faststart";
  const std::string path = encode(folder, "whole.mp4", "160x96", 40, options);
  std::string bytes = contents(path);
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2);
  std::fill(middle, middle + 3000, '\xA5');
  const std::string damaged = folder / "damaged.mp4";
  write(damaged, bytes);

  const std::string message = failure(damaged, consecutive(40));
  CHECK(holds(message, "CORRUPT_VIDEO"));
  CHECK(holds(message, " s: "));
  CHECK(failure(damaged, consecutive(5)) == "none");
  CHECK(failure(damaged, numbered({38})) == "none");
  const Clip clip = read(damaged, consecutive(40), kTolerate);
  CHECK(!clip.info.warnings.empty());
  CHECK(clip.slots[0] == read(path, numbered({0})).slots[0]);
  CHECK(clip.slots[38] == read(path, numbered({38})).slots[0]);

  SUBCASE("cut short") {
    for (const std::string name : {"cut.mp4", "cut.mkv", "cut.avi"}) {
      CAPTURE(name);
      const std::string all = contents(encode(folder, name, "160x96", 40, options));
      write(folder / name, all.substr(0, all.size() * 6 / 10));
      CHECK(holds(failure(folder / name, spread(8)), "TRUNCATED_VIDEO"));
      const Clip rest = read(folder / name, spread(8), kTolerate);
      REQUIRE(!rest.info.warnings.empty());
      CHECK(holds(rest.info.warnings[0], "cut short"));
      CHECK(rest.info.end > 0.4);
      CHECK(rest.info.end < 1.5);
    }
  }
  SUBCASE("a header whose duration disagrees") {
    std::string lying = contents(path);
    const std::size_t header = lying.find("mdhd");
    REQUIRE(header != std::string::npos);
    lying.replace(header + 20, 4, std::string("\0\0\0\1", 4));
    write(folder / "lying.mp4", lying);
    const Clip whole = read(folder / "lying.mp4", spread(4));
    REQUIRE(whole.info.warnings.size() == 1);
    CHECK(holds(whole.info.warnings[0], "header says"));
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
      "-f lavfi -i testsrc2=size=120x96:rate=25 -f lavfi -i sine -t 2 "
      "-vf setsar=4/3,setparams=color_primaries=bt709:color_trc=bt709 -c:v libx264 -preset ultrafast -pix_fmt yuv420p "
      "-colorspace bt709 -color_range tv -c:a aac " +
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
