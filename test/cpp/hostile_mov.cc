// Hostile files in MP4 and QuickTime.

#include <vector>

#include "hostile_bytes.h"
#include "hostile_corpus.h"

namespace tubelet::video::test {
namespace {

constexpr std::uint64_t kMost = UINT32_MAX;

/// `levels` boxes, each inside the one before it.
std::string nested(const std::string& type, std::size_t levels) {
  std::string heads;
  for (std::size_t level = levels; level > 0; --level) heads += big(8 * level, 4) + type;
  return heads;
}

std::string edit(std::uint64_t duration, std::uint64_t mediaTime) {
  return big(duration, 4) + big(mediaTime, 4) + big(1 << 16, 4);
}

std::string editList(std::uint64_t claimed, const std::string& edits) {
  return fullBox("elst", big(claimed, 4) + edits);
}

}  // namespace

void HostileCorpus::addMovieTables() {
  const Movie sound("jpeg", jpeg_, 20);
  add("mov: made by hand, sound", sound.bytes(), {"none"});

  const auto spoiled = [&](const std::string& what, const std::string& type, const std::string& body,
                           std::vector<std::string> codes) {
    Movie movie = sound;
    movie.tables[type] = body;
    add("mov: " + what, movie.bytes(), std::move(codes));
  };
  const std::uint64_t size = jpeg_.size();

  {
    Movie movie = sound;
    movie.tables = {{"stts", big(0, 4)}, {"stsc", big(0, 4)}, {"stsz", big(0, 8)}, {"stco", big(0, 4)}};
    add("mov: no samples", movie.bytes(), {"CORRUPT_VIDEO"});
    movie.tables.clear();
    add("mov: no tables", movie.bytes(), {"CORRUPT_VIDEO"});
  }
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO", "LIMIT_EXCEEDED"};
  const std::vector<std::string> broken = {"CORRUPT_VIDEO", "TRUNCATED_VIDEO", "LIMIT_EXCEEDED"};

  spoiled("2^32 - 1 sizes of which none is there", "stsz", big(0, 4) + big(kMost, 4), broken);
  spoiled("2^28 sizes of which none is there", "stsz", big(0, 4) + big(1 << 28, 4), broken);
  spoiled("2^32 - 1 samples of one size", "stsz", big(size, 4) + big(kMost, 4), some);
  spoiled("sizes of 2^32 - 1", "stsz", big(kMost, 4) + big(20, 4), broken);
  spoiled("sizes of 2^31 - 1", "stsz", big(INT32_MAX, 4) + big(20, 4), broken);
  spoiled("samples of no bytes", "stsz", big(0, 4) + big(20, 4) + std::string(80, '\0'), broken);
  spoiled("2^32 - 1 durations of which one is there", "stts", big(kMost, 4) + big(20, 4) + big(1, 4), some);
  spoiled("one duration for 2^32 - 1 samples", "stts", big(1, 4) + big(kMost, 4) + big(1, 4), some);
  spoiled("durations of 2^32 - 1", "stts", big(1, 4) + big(20, 4) + big(kMost, 4), some);
  spoiled("durations of 2^31 - 1", "stts", big(1, 4) + big(20, 4) + big(INT32_MAX, 4), some);
  spoiled("durations of 0", "stts", big(1, 4) + big(20, 4) + big(0, 4), some);
  spoiled("100,000 runs of durations for no sample", "stts", big(100'000, 4) + repeated(big(0, 4) + big(1, 4), 100'000),
          some);
  spoiled("2^32 - 1 chunks of which one is there", "stco", big(kMost, 4) + big(24, 4), broken);
  spoiled("a chunk beyond the end", "stco", big(1, 4) + big(1 << 30, 4), {"TRUNCATED_VIDEO"});
  spoiled("chunks of the file's header", "stco", big(1, 4) + big(0, 4), some);
  spoiled("2^31 - 1 samples in a chunk", "stsc", big(1, 4) + big(1, 4) + big(INT32_MAX, 4) + big(1, 4), some);
  spoiled("chunks from the last to the first", "stsc",
          big(2, 4) + big(9, 4) + big(1, 4) + big(1, 4) + big(1, 4) + big(1, 4) + big(1, 4), some);
  spoiled("a description that is not there", "stsc", big(1, 4) + big(1, 4) + big(20, 4) + big(99, 4), some);
  spoiled("2^32 - 1 offsets of times of which none is there", "ctts", big(kMost, 4), some);
  spoiled("an offset of times for 2^32 - 1 samples", "ctts", big(1, 4) + big(kMost, 4) + big(5, 4), some);
  spoiled("offsets of times of 2^31", "ctts", big(1, 4) + big(20, 4) + big(std::uint64_t{1} << 31, 4), some);
  spoiled("2^32 - 1 keyframes of which one is there", "stss", big(kMost, 4) + big(1, 4), some);
  spoiled("no keyframe", "stss", big(0, 4), some);

  {
    Movie movie = sound;
    movie.tables.erase("stco");
    movie.tables["co64"] = big(1, 4) + big(~std::uint64_t{0}, 8);
    add("mov: a chunk before the beginning", movie.bytes(), some);
  }
  {
    // 600 bytes that say 80 million frames: libav's index would take 2 GB.
    Movie movie = sound;
    constexpr std::uint64_t kBomb = 80'000'000;
    movie.tables["stsz"] = big(1, 4) + big(kBomb, 4);
    movie.tables["stsc"] = big(1, 4) + big(1, 4) + big(kBomb, 4) + big(1, 4);
    movie.tables["stts"] = big(1, 4) + big(kBomb, 4) + big(1, 4);
    add("mov: 80 million samples of one byte", movie.bytes(), {"LIMIT_EXCEEDED"});
    movie.tracks = 50;
    add("mov: 50 tracks of 80 million samples of one byte", movie.bytes(), {"LIMIT_EXCEEDED"});
  }
}

void HostileCorpus::addMovieBoxes() {
  const std::string head = box("ftyp", "isom" + big(0, 4));
  const std::vector<std::string> nothing = {"NO_VIDEO_STREAM", "CORRUPT_VIDEO", "TRUNCATED_VIDEO", "NOT_A_VIDEO"};
  add("mov: 10,000 moov in one another", head + nested("moov", 10'000), nothing);
  add("mov: 10,000 trak in one another", head + box("moov", nested("trak", 10'000)), nothing);
  add("mov: 10,000 meta in one another", head + box("moov", box("udta", nested("meta", 10'000))), nothing);
  add("mov: 100,000 empty boxes", head + repeated(box("free", ""), 100'000), nothing);
  add("mov: a size of 0 again and again", head + repeated(big(0, 4) + "moov", 1000), nothing);
  add("mov: a size smaller than its own head", head + repeated(big(4, 4) + "moov", 1000), nothing);
  add("mov: a negative 64-bit size", head + big(1, 4) + "moov" + big(~std::uint64_t{0} - 7, 8) + noise(1000, 1),
      nothing);
  add("mov: a 64-bit size that wraps", head + big(1, 4) + "free" + big(~std::uint64_t{0} - head.size(), 8) + head,
      nothing);
  add("mov: a 64-bit size of 2^62", head + big(1, 4) + "mdat" + big(std::uint64_t{1} << 62, 8), nothing);
  add("mov: only a head", head, nothing);
  add("mov: a movie without tracks", head + box("moov", fullBox("mvhd", std::string(96, '\0'))), nothing);
  add("mov: a compressed head of 2^31 - 1 bytes",
      head + box("moov", box("cmov", box("dcom", "zlib") + box("cmvd", big(INT32_MAX, 4) + noise(500, 2)))), nothing);

  Movie movie("jpeg", jpeg_, 3);
  movie.tracks = 1001;
  add("mov: 1001 tracks", movie.bytes(), {"LIMIT_EXCEEDED"});

  Movie timeless("jpeg", jpeg_, 20);
  timeless.timescale = 0;
  add("mov: a timescale of 0", timeless.bytes(), {"none", "CORRUPT_VIDEO"});
  timeless.timescale = UINT32_MAX;
  add("mov: a timescale of 2^32 - 1", timeless.bytes(), {"none", "CORRUPT_VIDEO"});
}

void HostileCorpus::addMovieReferences() {
  const std::string other = (folder_ / "named.mp4").string();
  Movie movie("jpeg", jpeg_, 5);
  // libav does not know these forms and reads the frames that are in the file.
  const std::vector<std::string> ignored = {"none", "UNSUPPORTED_VIDEO", "CORRUPT_VIDEO"};
  movie.dataReference = big(1, 4) + box("url ", big(0, 4) + "file:///etc/passwd" + std::string(1, '\0'));
  add("mov: its frames lie in /etc/passwd", movie.bytes(), ignored);
  movie.dataReference = big(1, 4) + box("url ", big(0, 4) + "http://127.0.0.1:9/a.mov" + std::string(1, '\0'));
  add("mov: its frames lie on a server", movie.bytes(), ignored);

  // QuickTime's alias record as mov_read_dref in libavformat/mov.c reads it: item 2 is the absolute path, after the
  // volume's name and of even length.
  const std::string volume(other.size() % 2 == 0 ? 2 : 3, 'v');
  const std::string item = big(2, 2) + big(volume.size() + other.size(), 2) + volume + other;
  const std::string alias = std::string(14, '\0') + big(volume.size(), 1) + volume +
                            std::string(27 - volume.size() + 12, '\0') + std::string(64 + 16 + 4 + 16, '\0') + item +
                            big(0xFFFF, 2) + big(0, 2);
  movie.dataReference = big(1, 4) + box("alis", alias);
  add("mov: its frames lie in a file next to it", movie.bytes(), {"UNSUPPORTED_VIDEO", "CORRUPT_VIDEO"});
  movie.dataReference = big(kMost, 4) + box("url ", big(1, 4));
  add("mov: 2^32 - 1 references", movie.bytes(), {"none", "CORRUPT_VIDEO"});

  Movie referring("jpeg", jpeg_, 5);
  referring.more = box("rmra", box("rmda", fullBox("rdrf", "url " + big(other.size(), 4) + other)));
  add("mov: a reference movie", referring.bytes(), {"none", "CORRUPT_VIDEO", "UNSUPPORTED_VIDEO"});

  Movie edited("jpeg", jpeg_, 200);
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "LIMIT_EXCEEDED"};
  edited.edits = editList(100'000, repeated(edit(200, 0), 100'000));
  add("mov: 100,000 edits of all frames", edited.bytes(), {"LIMIT_EXCEEDED"});
  edited.edits = editList(kMost, edit(200, 0));
  add("mov: 2^32 - 1 edits of which one is there", edited.bytes(), some);
  edited.edits = editList(1, edit(kMost, 0));
  add("mov: an edit of 2^32 - 1 units", edited.bytes(), some);
  edited.edits = editList(1, edit(200, INT32_MAX));
  add("mov: an edit beyond the last frame", edited.bytes(), some);
  edited.edits = editList(2, edit(kMost, kMost) + edit(200, 0));
  add("mov: an empty edit of 2^32 - 1 units", edited.bytes(), some);
  edited.edits = editList(2, edit(10, 150) + edit(10, std::uint64_t{1} << 31));
  add("mov: an edit from a negative time on", edited.bytes(), some);
}

void HostileCorpus::addMovieSizes() {
  const auto sized = [&](int width, int height) {
    Movie movie("jpeg", jpeg_, 5);
    movie.entry = visualEntry("jpeg", width, height);
    movie.width = width;
    movie.height = height;
    return movie.bytes();
  };
  add("mov: 65535 x 65535", sized(65535, 65535), {"LIMIT_EXCEEDED"});
  add("mov: a row over the limit", sized(8192, 8193), {"LIMIT_EXCEEDED"});
  add("mov: 0 x 0", sized(0, 0), {"none", "CORRUPT_VIDEO"});

  const std::size_t sps = bodyOf(mp4_, "avcC");
  add("mov: a decoder configuration of noise", patched(mp4_, sps, noise(30, 3)),
      {"none", "CORRUPT_VIDEO", "LIMIT_EXCEEDED"});
  add("mov: a decoder configuration that claims 2^16 bytes", patched(mp4_, sps + 6, big(0xFFFF, 2)),
      {"none", "CORRUPT_VIDEO"});
  add("mov: media data of noise", patched(mp4_, bodyOf(mp4_, "mdat"), noise(10'000, 4)), {"CORRUPT_VIDEO"});
  add("mov: NAL units that claim 2^32 - 1 bytes", patched(mp4_, bodyOf(mp4_, "mdat"), repeated("\xFF\xFF\xFF\xFF", 20)),
      {"none", "CORRUPT_VIDEO"});
  add("mov: a display matrix of noise", patched(mp4_, bodyOf(mp4_, "tkhd") + 40, noise(36, 5)), {"none"});
}

void HostileCorpus::addFragments() {
  const std::string whole = made("fragments.mp4",
                                 "-f lavfi -i testsrc2=size=64x48:rate=25 -frames:v 30 -c:v libx264 -preset ultrafast"
                                 " -pix_fmt yuv420p -g 10 -movflags empty_moov+frag_keyframe");
  const std::size_t first = bodyOf(whole, "moof") - 8;
  add("mov: fragmented, without fragments", whole.substr(0, first), {"CORRUPT_VIDEO", "TRUNCATED_VIDEO"});
  add("mov: fragments without their head", whole.substr(first),
      {"NOT_A_VIDEO", "NO_VIDEO_STREAM", "CORRUPT_VIDEO", "TRUNCATED_VIDEO"});

  // After the version and flags of 'trun': how many samples. Flags 0: nothing follows, every sample takes the defaults.
  const std::size_t run = bodyOf(whole, "trun");
  const std::vector<std::string> broken = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO", "LIMIT_EXCEEDED"};
  add("mov: a run of 2^32 - 1 samples", patched(whole, run + 4, big(kMost, 4)), broken);
  add("mov: a run of 80 million samples of the default size", patched(whole, run, big(0, 4) + big(80'000'000, 4)),
      {"LIMIT_EXCEEDED"});
  add("mov: a fragment's data before the file", patched(whole, run + 8, big(kMost - 1'000'000, 4)), broken);
  add("mov: a fragment of a track that is not there", patched(whole, bodyOf(whole, "tfhd") + 4, big(77, 4)), broken);
  add("mov: a fragment's time of 2^63", patched(whole, bodyOf(whole, "tfdt") + 4, big(std::uint64_t{1} << 63, 8)),
      broken);
  add("mov: an index of 2^16 - 1 fragments",
      whole.substr(0, first) +
          fullBox("sidx", big(1, 4) + big(25, 4) + big(0, 8) + big(0, 2) + big(0xFFFF, 2) + noise(600, 6)) +
          whole.substr(first),
      broken);
  add("mov: 1,000 times the same fragments",
      whole.substr(0, first) + repeated(whole.substr(first, bodyOf(whole, "mfra") - 8 - first), 1000), broken);
}

}  // namespace tubelet::video::test
