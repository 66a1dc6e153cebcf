#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "hostile_run.h"
#include "video/reading/reader.h"

namespace tubelet::video::test {
namespace {

/// A file of which each read can be made to fail.
class FaultySource final : public Source {
 public:
  FaultySource(const std::string& path, std::function<void(int)> before)
      : file_(path, Limits{}.bytes), before_(std::move(before)) {}

  const std::string& name() const override { return file_.name(); }
  std::int64_t size() const override { return file_.size(); }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) override {
    before_(reads_++);
    return file_.read(offset, to, count);
  }
  int reads() const { return reads_; }

 private:
  FileSource file_;
  std::function<void(int)> before_;
  int reads_ = 0;
};

class NoSink final : public FrameSink {
 public:
  void frame(std::span<const int>, const Picture&) override {}
};

/// Reads a clip with `before` called ahead of each read of the source; returns how many reads there were.
int readWith(const std::string& path, const std::function<void(int)>& before, const CancelToken& token = {}) {
  FaultySource source(path, before);
  NoSink sink;
  readClip(source, spread(4), ReadOptions{}, sink, token);
  return source.reads();
}

TEST_CASE("a read that fails ends the call with its own error, whichever read it is") {
  const TempFolder folder;
  const std::string h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 ";
  for (const std::string& path :
       {encode(folder, "a.mp4", "320x180", 60, h264), encode(folder, "a.mkv", "320x180", 60, h264),
        encode(folder, "a.ts", "320x180", 60, h264), encode(folder, "a.avi", "320x180", 60, "-c:v mjpeg"),
        encode(folder, "fragmented.mp4", "320x180", 60, h264 + "-movflags empty_moov+frag_keyframe")}) {
    CAPTURE(path);
    const int reads = readWith(path, [](int) {});
    REQUIRE(reads > 3);
    const Holdings before = Holdings::now();
    for (int failing = 0; failing < reads; ++failing) {
      CAPTURE(failing);
      try {
        readWith(path, [failing](int read) {
          if (read == failing) throw Error(ErrorCode::ReadFailed, "the disk is gone");
        });
        FAIL("no error");
      } catch (const Error& error) {
        CHECK(std::string(error.what()) == "the disk is gone");
      }
      CancelToken token;
      const auto cancel = [&token, failing](int read) {
        if (read == failing) token.cancel();
      };
      // The last reads may be those that find the end, after which nothing is left to stop.
      if (failing < reads / 2) CHECK_THROWS_AS(readWith(path, cancel, token), Cancelled);
    }
    CHECK(Holdings::now().descriptors == before.descriptors);
  }
}

TEST_CASE("a file that becomes shorter while it is read is an error of reading") {
  const TempFolder folder;
  const std::string path =
      encode(folder, "a.mp4", "320x180", 60, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -movflags faststart");
  const std::string whole = contents(path);
  for (const int when : {0, 1, 2}) {
    CAPTURE(when);
    write(path, whole);
    std::string code = "none";
    try {
      readWith(path, [&](int read) {
        if (read == when) REQUIRE(::truncate(path.c_str(), static_cast<off_t>(whole.size() / 3)) == 0);
      });
    } catch (const Error& error) {
      code = codeName(error.code());
    }
    CHECK(code == "READ_FAILED");
  }
}

}  // namespace
}  // namespace tubelet::video::test
