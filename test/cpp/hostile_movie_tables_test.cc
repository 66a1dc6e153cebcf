#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "hostile_bytes.h"
#include "video/container/movie_tables.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

class Bytes final : public Source {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}

  const std::string& name() const override { return name_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) override {
    const std::size_t at = std::min(static_cast<std::size_t>(offset), bytes_.size());
    const std::size_t got = std::min(count, bytes_.size() - at);
    std::memcpy(to, bytes_.data() + at, got);
    return got;
  }

 private:
  std::string name_ = "'bytes'";
  std::string bytes_;
};

std::string checkCode(const std::string& bytes, const Limits& limits = {}) {
  Bytes source(bytes);
  try {
    checkMovieTables(source, limits, CancelToken{});
  } catch (const Error& error) {
    return codeName(error.code());
  }
  return "none";
}

constexpr std::uint64_t kMost = 16'000'000;

Movie claiming(std::uint64_t samples) {
  Movie movie("jpeg", "x", 1);
  movie.tables["stsz"] = big(1, 4) + big(samples, 4);
  movie.tables["stts"] = big(1, 4) + big(samples, 4) + big(2, 4);
  return movie;
}

TEST_CASE("the samples that an MP4 claims are limited at exactly sixteen for each frame") {
  CHECK(checkCode(claiming(kMost).bytes()) == "none");
  CHECK(checkCode(claiming(kMost + 1).bytes()) == "LIMIT_EXCEEDED");
  CHECK(checkCode(claiming(2 * kMost).bytes(), {.frames = 2'000'000}) == "none");
  CHECK(checkCode(claiming(2 * kMost + 1).bytes(), {.frames = 2'000'000}) == "LIMIT_EXCEEDED");
  // A low limit on frames is for those that are walked; the index may have more.
  CHECK(checkCode(claiming(kMost).bytes(), {.frames = 1}) == "none");
  CHECK(checkCode(claiming(UINT32_MAX).bytes(), {.frames = INT64_MAX}) == "none");

  SUBCASE("over all tracks") {
    Movie movie = claiming(kMost / 8);
    movie.tracks = 8;
    CHECK(checkCode(movie.bytes()) == "none");
    movie.tracks = 9;
    CHECK(checkCode(movie.bytes()) == "LIMIT_EXCEEDED");
  }
  SUBCASE("once for each edit") {
    const std::string edit = big(10, 4) + big(0, 4) + big(1 << 16, 4);
    Movie movie = claiming(kMost / 2);
    movie.edits = fullBox("elst", big(2, 4) + repeated(edit, 2));
    CHECK(checkCode(movie.bytes()) == "none");
    movie.edits = fullBox("elst", big(3, 4) + repeated(edit, 3));
    CHECK(checkCode(movie.bytes()) == "LIMIT_EXCEEDED");
  }
  SUBCASE("over all fragments") {
    const std::string fragment = box("moof", box("traf", fullBox("trun", big(kMost / 4, 4))));
    CHECK(checkCode(claiming(0).bytes() + repeated(fragment, 4)) == "none");
    CHECK(checkCode(claiming(0).bytes() + repeated(fragment, 5)) == "LIMIT_EXCEEDED");
  }
  SUBCASE("but not those of raw sound, which libav takes by the chunk") {
    Movie movie = claiming(UINT32_MAX);
    movie.tables["stts"] = big(1, 4) + big(UINT32_MAX, 4) + big(1, 4);
    CHECK(checkCode(movie.bytes()) == "LIMIT_EXCEEDED");
    std::string sound = movie.bytes();
    sound.replace(sound.find("vide"), 4, "soun");
    CHECK(checkCode(sound) == "none");
  }
}

TEST_CASE("a table of an MP4 that is larger than the file is damage") {
  for (const auto& [type, entryBytes] :
       {std::pair{"stts", 8}, {"ctts", 8}, {"stsc", 12}, {"stco", 4}, {"stss", 4}, {"co64", 8}}) {
    CAPTURE(type);
    Movie movie("jpeg", "x", 1);
    movie.tables[type] = big(0, 4);
    const std::uint64_t fits = movie.bytes().size() / static_cast<std::uint64_t>(entryBytes);
    movie.tables[type] = big(fits, 4);
    CHECK(checkCode(movie.bytes()) == "none");
    movie.tables[type] = big(fits + 1, 4);
    CHECK(checkCode(movie.bytes()) == "CORRUPT_VIDEO");
  }
}

}  // namespace
}  // namespace tubelet::video::test
