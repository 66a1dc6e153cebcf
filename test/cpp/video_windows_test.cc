#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "video/reading/raw_windows.h"
#include "video/reading/reader.h"
#include "video/reading/window_reader.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

constexpr const char* kH264 = "-c:v libx264 -preset veryfast -bf 2 -g 12 -pix_fmt yuv420p";
constexpr ReadOptions kTolerate = {.limits = {}, .onCorrupt = ReadOptions::OnCorrupt::Tolerate};

/// Counts what is read of a file: each byte once by the scan, and once more by each decoding of it.
class CountingSource final : public Source {
 public:
  CountingSource(const std::string& path, std::int64_t& bytes) : file_(path, 1LL << 40), bytes_(bytes) {}

  const std::string& name() const override { return file_.name(); }
  std::int64_t size() const override { return file_.size(); }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) override {
    const std::size_t got = file_.read(offset, to, count);
    bytes_ += static_cast<std::int64_t>(got);
    return got;
  }

 private:
  FileSource file_;
  std::int64_t& bytes_;
};

/// Keeps the pictures of windows until they are taken.
class Gathering final : public FrameSink {
 public:
  explicit Gathering(int frames) : frames_(static_cast<std::size_t>(frames)) {}

  void frame(std::span<const int> slots, const Picture& picture) override {
    ++pictures;
    const Pixels pixels(picture.rgb, picture.rgb + std::ptrdiff_t{3} * picture.width * picture.height);
    for (const int slot : slots) {
      std::vector<Pixels>& window = windows_[static_cast<std::size_t>(slot) / frames_];
      window.resize(frames_);
      window[static_cast<std::size_t>(slot) % frames_] = pixels;
    }
    mostKept = std::max(mostKept, windows_.size());
  }

  std::vector<Pixels> take(std::size_t window) { return std::move(windows_.extract(window).mapped()); }

  int pictures = 0;
  std::size_t mostKept = 0;  ///< windows at a time

 private:
  std::size_t frames_;
  std::map<std::size_t, std::vector<Pixels>> windows_;
};

struct Walk {
  std::vector<Range> ranges;
  std::vector<Clip> clips;
  std::vector<std::string> warnings;
  int pictures = 0;
  std::size_t mostKept = 0;
  std::int64_t bytes = 0;
};

Walk walk(const std::string& path, const Sampling& sampling, const Windows& windows, const ReadOptions& options = {}) {
  Walk result;
  const CancelToken token;
  WindowReader reader(std::make_unique<CountingSource>(path, result.bytes), sampling, windows, options, token);
  Gathering sink(sampling.frames);
  while (!reader.done()) {
    Clip clip;
    clip.info = reader.next(sink);
    clip.slots = sink.take(result.clips.size());
    result.clips.push_back(std::move(clip));
  }
  result.ranges = reader.windows();
  result.warnings = reader.warnings();
  result.pictures = sink.pictures;
  result.mostKept = sink.mostKept;
  return result;
}

Sampling part(Sampling sampling, const Range& range) {
  sampling.start = range.start;
  sampling.end = range.end;
  return sampling;
}

/// Every window against the same part read alone; returns how many distinct frames all windows have.
std::size_t checkAgainstAlone(const std::string& path, const Walk& found, const Sampling& sampling,
                              const ReadOptions& options = {}) {
  std::set<double> times;
  REQUIRE(found.clips.size() == found.ranges.size());
  for (std::size_t k = 0; k < found.clips.size(); ++k) {
    CAPTURE(k);
    const Clip& window = found.clips[k];
    const Clip alone = read(path, part(sampling, found.ranges[k]), options);
    CHECK(window.slots == alone.slots);
    CHECK(window.info.timestamps == alone.info.timestamps);
    CHECK(window.info.start == alone.info.start);
    CHECK(window.info.end == alone.info.end);
    CHECK(window.info.repeated == alone.info.repeated);
    CHECK(window.info.tooShort == alone.info.tooShort);
    CHECK(window.info.toneMapped == alone.info.toneMapped);
    std::vector<std::string> warnings = found.warnings;
    warnings.insert(warnings.end(), window.info.warnings.begin(), window.info.warnings.end());
    CHECK(warnings == alone.info.warnings);
    times.insert(alone.info.timestamps.begin(), alone.info.timestamps.end());
  }
  return times.size();
}

std::string text(const std::vector<Range>& ranges) {
  std::string all;
  for (const auto& [start, end] : ranges) {
    all += (all.empty() ? "" : " ") + std::to_string(start).substr(0, 4) + "-" + std::to_string(end).substr(0, 4);
  }
  return all;
}

std::string windowsText(const Windows& windows, double end, const Sampling& sampling = spread(4)) {
  return text(windowsOf(windows, sampling, 0, end));
}

TEST_CASE("windows begin at equal distances, and a last one is kept when it is half as long at least") {
  CHECK(windowsText({2, 2}, 6) == "0.00-2.00 2.00-4.00 4.00-6.00");
  CHECK(windowsText({2, 2}, 6.9) == "0.00-2.00 2.00-4.00 4.00-6.00");
  CHECK(windowsText({2, 2}, 7) == "0.00-2.00 2.00-4.00 4.00-6.00 6.00-7.00");
  CHECK(windowsText({2, 1}, 4) == "0.00-2.00 1.00-3.00 2.00-4.00");
  CHECK(windowsText({2, 1}, 4.5) == "0.00-2.00 1.00-3.00 2.00-4.00 3.00-4.50");
  CHECK(windowsText({4, 1}, 6.5) == "0.00-4.00 1.00-5.00 2.00-6.00 3.00-6.50");  // and no second one up to the end
  CHECK(windowsText({1, 3}, 7) == "0.00-1.00 3.00-4.00 6.00-7.00");
  CHECK(windowsOf({2, 2}, spread(4), 0, 6 - 1e-9).back().end == 6);  // the end is a sum of rounded numbers
}

TEST_CASE("a part that is shorter than a window is one window") {
  CHECK(windowsText({10, 5}, 3) == "0.00-3.00");
  CHECK(windowsText({10, 5}, 0) == "0.00-10.0");  // a single frame of no known duration
}

TEST_CASE("windows lie in the part that is asked for") {
  CHECK(windowsText({1, 1}, 9, part(spread(4), {2.5, 5})) == "2.50-3.50 3.50-4.50 4.50-5.00");
  CHECK(windowsText({1, 1}, 4, part(spread(4), {2.5, 50})) == "2.50-3.50 3.50-4.00");
}

TEST_CASE("what windows cannot be is refused") {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const Windows& windows : {Windows{0, 1}, Windows{1, 0}, Windows{-1, 1}, Windows{1, infinite}}) {
    CHECK_THROWS_AS(windowsText(windows, 10), Error);
  }
  CHECK(windowsOf({1, 1}, spread(4), 0, 65'536).size() == 65'536);
  CHECK_THROWS_AS(windowsOf({1, 1}, spread(4), 0, 65'537), Error);
  CHECK(windowsOf({1, 1}, spread(4), 0, 65'535.5).size() == 65'536);  // the last one, which the end cuts short, counts
  CHECK_THROWS_AS(windowsOf({1, 1}, spread(4), 0, 65'536.5), Error);
  CHECK_THROWS_AS(windowsOf({1, 1e-300}, spread(4), 0, 10), Error);
}

TEST_CASE("windows equal the same parts read alone, and no picture is decoded twice for them") {
  const TempFolder folder;
  struct Encoding {
    std::string name;
    std::string options;
  };
  const std::vector<Encoding> encodings = {
      {"h264.mp4", kH264},
      {"open-gop.mp4", "-c:v libx264 -preset veryfast -bf 3 -g 10 -x264-params open-gop=1 -pix_fmt yuv420p"},
      {"intra-refresh.mp4", "-c:v libx264 -preset veryfast -g 10 -x264-params intra-refresh=1 -pix_fmt yuv420p"},
      {"late.ts", std::string(kH264) + " -output_ts_offset 7"},
      {"vfr.mkv", std::string(kH264) + " -vf \"select='lt(n,20)+not(mod(n,10))'\" -fps_mode vfr"},
      {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=20:open-gop=1 -pix_fmt yuv420p"},
      {"vp8.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 12 -g 15 -b:v 300k"},
      {"vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 15 -b:v 300k"},
      {"av1.mp4", "-c:v libsvtav1 -preset 10 -g 15 -pix_fmt yuv420p"},
      {"h264.avi", kH264},
      {"mpeg4.avi", "-c:v mpeg4 -bf 2 -g 12 -q:v 3"},
      {"mpeg2.ts", "-c:v mpeg2video -bf 2 -g 12 -q:v 3"},
      {"mpeg1.mpg", "-c:v mpeg1video -bf 2 -g 12 -q:v 3"},
      {"mjpeg.avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"},
      {"theora.ogv", "-c:v libtheora -g 12 -q:v 5"},
      {"animation.gif", "-c:v gif"},
  };
  for (const Encoding& encoding : encodings) {
    CAPTURE(encoding.name);
    const std::string path = encode(folder, encoding.name, "96x64", 75, encoding.options);
    for (const Windows& windows : {Windows{0.8, 0.3}, Windows{0.5, 0.5}, Windows{0.3, 0.9}}) {
      CAPTURE(windows.length);
      for (const Sampling& sampling : {spread(4), trained(5, 0.08), consecutive(3)}) {
        const Walk found = walk(path, sampling, windows);
        CHECK(static_cast<std::size_t>(found.pictures) == checkAgainstAlone(path, found, sampling));
        // Windows that have a frame in common, the longest of which lasts 0.4 s.
        CHECK(found.mostKept <= static_cast<std::size_t>((windows.length + 0.4) / windows.stride) + 2);
      }
    }
  }
}

TEST_CASE("a file is read once by the scan and once by the decoder, whatever windows overlap") {
  const TempFolder folder;
  const std::string path = encode(folder, "noise.mp4", "320x240", 250,
                                  "-vf noise=alls=40:allf=t -c:v libx264 -preset ultrafast -bf 2 -g 25 -crf 18 "
                                  "-pix_fmt yuv420p");
  std::int64_t size = 0;
  CountingSource measured(path, size);
  const Walk apart = walk(path, spread(8), {2, 2});
  const Walk overlapping = walk(path, spread(8), {2, 0.25});
  CHECK(overlapping.clips.size() > 30);
  for (const Walk& found : {apart, overlapping})
    CHECK(static_cast<double>(found.bytes) < 2.2 * static_cast<double>(measured.size()));
}

TEST_CASE("windows of interlaced video equal the same parts read alone") {
  const TempFolder folder;
  for (const std::string options : {"-c:v libx264 -preset veryfast -bf 2 -g 12 -flags +ildct+ilme -pix_fmt yuv420p",
                                    "-c:v mpeg2video -bf 2 -g 12 -flags +ildct+ilme -q:v 3 -f mpegts"}) {
    CAPTURE(options);
    const std::string path =
        encode(folder, "fields.mkv", "160x96", 60, "-vf tinterlace=interleave_top,setsar=1 " + options);
    const Walk found = walk(path, spread(4), {0.6, 0.25});
    checkAgainstAlone(path, found, spread(4));
  }
}

TEST_CASE("windows of a damaged file equal the same parts read alone") {
  const TempFolder folder;
  for (const std::string name : {"whole.mp4", "whole.ts", "one-gop.mp4", "hevc.mp4", "mpeg2.ts"}) {
    CAPTURE(name);
    std::string options = name == "one-gop.mp4" ? "-c:v libx264 -preset ultrafast -g 1000 -bf 2 -pix_fmt yuv420p"
                                                : "-c:v libx264 -preset ultrafast -g 10 -bf 2 -pix_fmt yuv420p";
    if (name == "hevc.mp4")
      options = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=20:open-gop=1";
    if (name == "mpeg2.ts") options = "-c:v mpeg2video -bf 2 -g 12 -q:v 3";
    std::string bytes = contents(encode(folder, name, "320x192", 100, options));
    for (const double at : {0.3, 0.6}) {
      const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(bytes.size()) * at);
      std::fill(middle, middle + 4000, '\xA5');
    }
    const std::string damaged = folder / ("damaged-" + name);
    write(damaged, bytes);

    bool told = false;
    for (const Windows& windows : {Windows{0.8, 0.3}, Windows{0.5, 0.5}}) {
      const Walk found = walk(damaged, spread(8), windows, kTolerate);
      checkAgainstAlone(damaged, found, spread(8), kTolerate);
      told = told || std::ranges::any_of(found.clips, [](const Clip& clip) { return !clip.info.warnings.empty(); });
    }
    CHECK(told);
    CHECK_THROWS_AS(walk(damaged, spread(8), {0.5, 0.5}), Error);
  }
}

TEST_CASE("damage between windows affects none of them") {
  const TempFolder folder;
  const std::string options = "-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p -movflags faststart";
  std::string bytes = contents(encode(folder, "whole.mp4", "160x96", 60, options));
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2);
  std::fill(middle, middle + 3000, '\xA5');
  const std::string damaged = folder / "damaged.mp4";
  write(damaged, bytes);
  const Walk found = walk(damaged, spread(4), {0.3, 1.9});
  CHECK(found.clips.size() == 2);
  checkAgainstAlone(damaged, found, spread(4));
}

TEST_CASE("a file that was cut short is read as far as it goes when that is tolerated") {
  const TempFolder folder;
  for (const std::string name : {"cut.mp4", "cut.mkv"}) {
    CAPTURE(name);
    const std::string all = contents(encode(
        folder, name, "160x96", 80, "-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p -movflags faststart"));
    write(folder / name, all.substr(0, all.size() * 6 / 10));
    CHECK_THROWS_AS(walk(folder / name, spread(4), {0.5, 0.5}), Error);
    const Walk found = walk(folder / name, spread(4), {0.5, 0.3}, kTolerate);
    CHECK_FALSE(found.warnings.empty());
    checkAgainstAlone(folder / name, found, spread(4), kTolerate);
  }
}

TEST_CASE("each window has the size of its own first picture where the size changes in mid-stream") {
  const TempFolder folder;
  const std::string small = encode(folder, "small.ts", "64x48", 30, kH264);
  const std::string large = encode(folder, "large.ts", "128x96", 30, std::string(kH264) + " -output_ts_offset 1.2");
  const std::string path = folder / "both.ts";
  write(path, contents(small) + contents(large));
  const Walk found = walk(path, spread(4), {0.5, 0.3});
  checkAgainstAlone(path, found, spread(4));
  CHECK(found.clips.front().slots[0].size() < found.clips.back().slots[0].size());
}

TEST_CASE("windows of raw frames equal the same parts read alone") {
  RawFrames frames;
  std::vector<std::uint8_t> bytes;
  frames.width = 2;
  frames.height = 1;
  frames.channels = 1;
  for (int i = 0; i < 40; ++i) {
    frames.timestamps.push_back(5 + 0.1 * i);
    for (int pixel = 0; pixel < 2; ++pixel) bytes.push_back(static_cast<std::uint8_t>(3 * i + pixel));
  }
  frames.data = bytes;
  frames.end = 9;
  const CancelToken token;
  RawWindows windows(frames, spread(3), {1, 0.5}, {}, token);
  CHECK(text(windows.windows()) == "5.00-6.00 5.50-6.50 6.00-7.00 6.50-7.50 7.00-8.00 7.50-8.50 8.00-9.00");
  Gathering sink(3);
  for (std::size_t k = 0; !windows.done(); ++k) {
    const ClipInfo info = windows.next(sink);
    const std::vector<Pixels> pictures = sink.take(k);
    CHECK(info.timestamps.front() == doctest::Approx(5 + 0.5 * static_cast<double>(k)));
    CHECK(int{pictures[0][0]} == 3 * 5 * static_cast<int>(k));
  }
}

TEST_CASE("windows stop at the token, and are sampled by a rule") {
  const TempFolder folder;
  const std::string path = encode(folder, "clip.mp4", "64x48", 50, kH264);
  CancelToken token;
  WindowReader reader(std::make_unique<FileSource>(path, 1LL << 40), spread(4), {0.5, 0.5}, {}, token);
  Gathering sink(4);
  reader.next(sink);
  token.cancel();
  CHECK_THROWS_AS(reader.next(sink), Cancelled);

  Sampling listed = spread(1);
  listed.mode = Sampling::Mode::Timestamps;
  listed.timestamps = {0.5};
  CHECK_THROWS_AS(walk(path, listed, {0.5, 0.5}), Error);
  CHECK_THROWS_AS(walk(path, part(spread(4), {9, 10}), {0.5, 0.5}), Error);
}

}  // namespace
}  // namespace tubelet::video::test
