#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "hostile_bytes.h"
#include "hostile_corpus.h"
#include "hostile_run.h"

namespace tubelet::video::test {
namespace {

using OnCorrupt = ReadOptions::OnCorrupt;

/// More than the largest picture within the limits takes, and far less than what a header can claim.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;
/// Of the heap, over all files of a run: caches of malloc's own.
constexpr std::size_t kHeapNoise = 1 << 20;

struct Way {
  std::string name;
  Sampling sampling;
};

std::vector<Way> ways() {
  return {{"trained", trained(8, 0.1)}, {"spread", spread(4)}, {"consecutive", consecutive(4)}};
}

/// Holds a run of many calls to what they may cost, one call after the other and all together.
class Watch {
 public:
  void check(const Outcome& outcome) {
    ++calls_;
    CHECK_MESSAGE(outcome.seconds < kLimitSeconds, outcome.seconds << " s");
    const std::int64_t peak = peakBytes();
    CHECK_MESSAGE(peak <= most_, "memory rose to " << (peak >> 20) << " MB");
    most_ = std::max(most_, peak);  // the next call is not blamed for this one
  }

  void checkHoldings() const {
    const Holdings after = Holdings::now();
    CHECK(after.descriptors == before_.descriptors);
    CHECK(after.threads == before_.threads);
    CHECK(after.heapBytes <= before_.heapBytes + kHeapNoise);
    MESSAGE(calls_ << " calls, peak " << (peakBytes() >> 20) << " MB, heap from " << (before_.heapBytes >> 10) << " to "
                   << (after.heapBytes >> 10) << " KB");
  }

 private:
  std::int64_t most_ = peakBytes() + kMostBytes;
  Holdings before_ = Holdings::now();
  int calls_ = 0;
};

/// Fills what is made once and kept: libav's tables, the log's ring.
void warmUp(const std::string& path) {
  for (const Way& way : ways()) REQUIRE(tryRead(path, way.sampling, OnCorrupt::Error).code == "none");
}

TEST_CASE("hostile files end in frames or the error that fits, in time, and leave nothing behind") {
  const TempFolder folder;
  const HostileCorpus corpus(folder / ".");
  REQUIRE(corpus.files().size() > 200);
  warmUp(folder / "named.mp4");
  Watch watch;
  for (const HostileFile& file : corpus.files()) {
    CAPTURE(file.name);
    CAPTURE(file.path);
    for (const Way& way : ways()) {
      for (const OnCorrupt onCorrupt : {OnCorrupt::Error, OnCorrupt::Tolerate}) {
        CAPTURE(way.name);
        const bool tolerant = onCorrupt == OnCorrupt::Tolerate;
        CAPTURE(tolerant);
        const Outcome outcome = tryRead(file.path, way.sampling, onCorrupt);
        // Damage may be tolerated, a file that is not a video may not, and one that was cut short may have no frame
        // left.
        const bool allowed = file.allows(outcome.code) ||
                             (tolerant && (file.probeAllows(outcome.code) ||
                                           (file.allows("TRUNCATED_VIDEO") && outcome.code == "CORRUPT_VIDEO")));
        CHECK_MESSAGE(allowed, outcome.code << ": " << outcome.message);
        watch.check(outcome);
      }
    }
    const Outcome outcome = tryProbe(file.path);
    CHECK_MESSAGE(file.probeAllows(outcome.code), "probe: " << outcome.code << ": " << outcome.message);
    watch.check(outcome);
  }
  watch.checkHoldings();
}

/// What damage to a sound file may turn it into.
bool isHonest(const Outcome& outcome) {
  static const std::vector<std::string> codes = {
      "none",           "NOT_A_VIDEO",      "NO_VIDEO_STREAM", "CORRUPT_VIDEO", "TRUNCATED_VIDEO",
      "LIMIT_EXCEEDED", "UNSUPPORTED_VIDEO"};
  return std::ranges::find(codes, outcome.code) != codes.end();
}

std::vector<std::string> soundFiles(const TempFolder& folder) {
  const std::string h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -bf 2 ";
  const std::pair<std::string, std::string> kinds[] = {
      {"a.mp4", h264},
      {"faststart.mp4", h264 + "-movflags faststart"},
      {"fragmented.mp4", h264 + "-movflags empty_moov+frag_keyframe"},
      {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10le"},
      {"av1.mp4", "-c:v libaom-av1 -cpu-used 8 -usage realtime"},
      {"prores.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"},
      {"dnxhd.mov", "-c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p -s 256x128"},
      {"h264.mkv", h264},
      {"ffv1.mkv", "-c:v ffv1"},
      {"vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10"},
      {"vp8.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -g 10"},
      {"mjpeg.avi", "-c:v mjpeg"},
      {"mpeg4.avi", "-c:v mpeg4 -bf 2"},
      {"h264.ts", h264},
      {"mpeg2.mpg", "-c:v mpeg2video -bf 2 -flags +ilme+ildct"},
      {"h264.flv", h264},
      {"theora.ogv", "-c:v libtheora"},
      {"a.gif", ""},
      {"a.apng", "-f apng"},
  };
  std::vector<std::string> paths;
  for (const auto& [name, encoding] : kinds) paths.push_back(encode(folder, name, "64x48", 30, encoding));
  // More of them, where there are some: a folder of sound videos.
  if (const char* more = std::getenv("TUBELET_FIXTURES")) {
    for (const auto& entry : std::filesystem::directory_iterator(more)) {
      if (entry.is_regular_file()) paths.push_back(entry.path().string());
    }
  }
  return paths;
}

int seeds() {
  const char* text = std::getenv("TUBELET_TEST_SEEDS");
  return text ? std::stoi(text) : 3;
}

/// Flips from one bit to one in a thousand bytes; with every other seed only in the head, where the structure is.
std::string flipped(std::string bytes, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const std::size_t reach = seed % 2 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 4096);
  const std::size_t flips = seed % 3 == 0 ? 1 : 1 + reach / 1000;
  for (std::size_t i = 0; i < flips; ++i) {
    char& byte = bytes[random() % reach];
    byte = static_cast<char>(byte ^ (1 << random() % 8));
  }
  return bytes;
}

TEST_CASE("sound files cut short, or with bits flipped, end in frames or a typed error") {
  const TempFolder folder;
  const std::vector<std::string> sound = soundFiles(folder);
  warmUp(sound.front());
  const std::string path = folder / "damaged";
  Watch watch;
  const auto check = [&] {
    for (const Way& way : ways()) {
      for (const OnCorrupt onCorrupt : {OnCorrupt::Error, OnCorrupt::Tolerate}) {
        const Outcome outcome = tryRead(path, way.sampling, onCorrupt);
        CHECK_MESSAGE(isHonest(outcome), way.name << ": " << outcome.code << ": " << outcome.message);
        watch.check(outcome);
      }
    }
    const Outcome outcome = tryProbe(path);
    CHECK_MESSAGE(isHonest(outcome), "probe: " << outcome.code << ": " << outcome.message);
    watch.check(outcome);
  };
  for (const std::string& file : sound) {
    CAPTURE(file);
    const std::string whole = contents(file);
    for (const double part : {0.02, 0.25, 0.5, 0.75, 0.99}) {
      CAPTURE(part);
      write(path, cutTo(whole, part));
      check();
    }
    for (int seed = 1; seed <= seeds(); ++seed) {
      CAPTURE(seed);
      write(path, flipped(whole, seed));
      check();
    }
  }
  watch.checkHoldings();
}

}  // namespace
}  // namespace tubelet::video::test
