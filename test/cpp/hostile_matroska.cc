// Hostile files in Matroska and WebM.

#include <limits>
#include <vector>

#include "hostile_bytes.h"
#include "hostile_corpus.h"

namespace tubelet::video::test {
namespace {

constexpr std::uint32_t kSegment = 0x18538067;
constexpr std::uint32_t kTracks = 0x1654AE6B;
constexpr std::uint32_t kCluster = 0x1F43B675;
constexpr std::uint32_t kTimecode = 0xE7;
constexpr std::uint32_t kSimpleBlock = 0xA3;
constexpr std::uint32_t kSeekHead = 0x114D9B74;
constexpr std::uint32_t kCues = 0x1C53BB6B;
constexpr std::uint32_t kTags = 0x1254C367;
constexpr std::uint32_t kChapters = 0x1043A770;
constexpr std::uint32_t kAttachments = 0x1941A469;
constexpr std::uint32_t kVoid = 0xEC;
constexpr std::uint64_t kUnknown = (std::uint64_t{1} << 56) - 1;

/// Track 1, a keyframe; `lacing`: the block's flags for it.
std::string block(const std::string& data, int time = 0, int lacing = 0) {
  return "\x81" + big(static_cast<std::uint64_t>(time), 2) + big(static_cast<std::uint64_t>(0x80 | lacing), 1) + data;
}

std::string cluster(const std::string& blocks, std::uint64_t time = 0) {
  return element(kCluster, element(kTimecode, big(time, 8)) + blocks);
}

/// What the head of a segment names: a part of this kind, so many bytes from where the segment's body begins.
std::string seekHead(std::uint32_t id, std::uint64_t position) {
  return element(kSeekHead, element(0x4DBB, element(0x53AB, big(id, 4)) + element(0x53AC, big(position, 8))));
}

/// An index of one keyframe, in the cluster so many bytes from where the segment's body begins.
std::string cues(std::uint64_t cluster) {
  return element(kCues, element(0xBB, element(0xB3, big(0, 1)) +
                                          element(0xB7, element(0xF7, big(1, 1)) + element(0xF1, big(cluster, 8)))));
}

std::string nested(std::uint32_t id, int levels) {
  std::string inner;
  for (int level = 0; level < levels; ++level) inner = elementOf(id, inner.size(), inner);
  return inner;
}

/// `bytes` zeros as zlib packs them (RFC 1950 and 1951): one literal, then copies of it with the fixed code.
std::string zlibOfZeros(std::size_t bytes) {
  std::string out = "\x78\x01";
  int bits = 0;
  unsigned byte = 0;
  const auto put = [&](bool bit) {
    byte |= static_cast<unsigned>(bit) << bits;
    if (++bits < 8) return;
    out += static_cast<char>(byte);
    bits = 0;
    byte = 0;
  };
  const auto code = [&put](unsigned value, int width) {
    while (width-- > 0) put(value >> width & 1);
  };
  constexpr std::size_t kCopy = 258;
  const std::size_t copies = bytes / kCopy;
  put(true);
  code(0b10, 2);
  code(0b00110000, 8);
  for (std::size_t i = 0; i < copies; ++i) {
    code(0b11000101, 8);
    code(0, 5);
  }
  code(0, 7);
  while (bits != 0) put(false);
  return out + big((copies * kCopy + 1) % 65521 << 16 | 1, 4);
}

}  // namespace

void HostileCorpus::addMatroska() {
  const std::string track = videoTrack(1, "V_MJPEG", 64, 48);
  const std::string tracks = element(kTracks, track);
  const std::string frames = cluster(element(kSimpleBlock, block(jpeg_, 0)) + element(kSimpleBlock, block(jpeg_, 40)));
  add("mkv: made by hand, sound", matroska(tracks + frames), {"none"});

  std::string many;
  for (int number = 1; number <= 1001; ++number) many += videoTrack(number, "V_MJPEG", 64, 48);
  add("mkv: 1001 tracks", matroska(element(kTracks, many) + frames), {"LIMIT_EXCEEDED"});

  const std::string attachment = element(0x61A7, element(0x466E, "a.ttf") + element(0x4660, "font/ttf") +
                                                     element(0x465C, "x") + element(0x46AE, big(1, 4)));
  add("mkv: 10,000 attachments", matroska(tracks + element(kAttachments, repeated(attachment, 10'000)) + frames),
      {"LIMIT_EXCEEDED"});

  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO", "NO_VIDEO_STREAM",
                                         "LIMIT_EXCEEDED"};
  add("mkv: 2,000 tags in one another",
      matroska(tracks + element(kTags, element(0x7373, nested(0x67C8, 2000))) + frames), some);
  add("mkv: 2,000 chapters in one another",
      matroska(tracks + element(kChapters, element(0x45B9, nested(0xB6, 2000))) + frames), some);
  add("mkv: 10,000 clusters of unknown size in one another",
      matroska(tracks + repeated(elementOf(kCluster, kUnknown, ""), 10'000) + frames), some);
  add("mkv: 10,000 segments of unknown size", ebmlHead() + repeated(elementOf(kSegment, kUnknown, ""), 10'000), some);
  add("mkv: 10,000 heads", repeated(ebmlHead(), 10'000), {"NOT_A_VIDEO", "NO_VIDEO_STREAM", "CORRUPT_VIDEO"});
  add("mkv: only a head", ebmlHead(), {"NOT_A_VIDEO", "NO_VIDEO_STREAM", "CORRUPT_VIDEO"});
  add("mkv: a document of another type", ebmlHead("unknown") + element(kSegment, tracks + frames),
      {"none", "NOT_A_VIDEO", "CORRUPT_VIDEO"});
  add("mkv: a segment of 2^56 - 2 bytes", ebmlHead() + elementOf(kSegment, kUnknown - 1, tracks + frames),
      {"TRUNCATED_VIDEO"});
  add("mkv: tracks of 2^40 bytes", ebmlHead() + elementOf(kSegment, kUnknown, elementOf(kTracks, 1ULL << 40, track)),
      some);
  add("mkv: 65535 x 65535", matroska(element(kTracks, videoTrack(1, "V_MJPEG", 65535, 65535)) + frames),
      {"LIMIT_EXCEEDED"});
  add("mkv: a row over the limit", matroska(element(kTracks, videoTrack(1, "V_MJPEG", 8192, 8193)) + frames),
      {"LIMIT_EXCEEDED"});
  add("mkv: a negative size", matroska(element(kTracks, videoTrack(1, "V_MJPEG", -64, -48)) + frames), some);
  add("mkv: no track", matroska(frames), {"NO_VIDEO_STREAM", "CORRUPT_VIDEO"});
  add("mkv: a codec that nobody knows", matroska(element(kTracks, videoTrack(1, "V_NOBODY", 64, 48)) + frames),
      {"UNSUPPORTED_VIDEO", "NO_VIDEO_STREAM"});
  const std::string configuration = elementOf(0x63A2, 1U << 31, noise(100, 1));
  add("mkv: a decoder configuration of 2^31 bytes",
      matroska(element(kTracks, videoTrack(1, "V_MPEG4/ISO/AVC", 64, 48, configuration)) + frames), some);
  add("mkv: 10,000 places to look at, all this one",
      matroska(repeated(element(kSeekHead, repeated(element(0x4DBB, element(0x53AB, big(kSeekHead, 4)) +
                                                                        element(0x53AC, big(0, 8))),
                                                    100)),
                        100) +
               tracks + frames),
      some);
  add("mkv: an index of places beyond the end",
      matroska(tracks + frames +
               element(kCues, repeated(element(0xBB, element(0xB3, big(1, 4)) +
                                                         element(0xB7, element(0xF7, big(1, 1)) +
                                                                           element(0xF1, big(1ULL << 62, 8)))),
                                       1000))),
      some);
}

void HostileCorpus::addMatroskaBlocks() {
  const std::string tracks = element(kTracks, videoTrack(1, "V_MJPEG", 64, 48));
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO"};
  const auto with = [&](const std::string& what, const std::string& clusters, std::vector<std::string> codes) {
    add("mkv: " + what, matroska(tracks + clusters), std::move(codes));
  };
  const std::string frame = element(kSimpleBlock, block(jpeg_));
  with("no blocks", cluster(""), {"CORRUPT_VIDEO"});
  with("blocks of no bytes", cluster(repeated(element(kSimpleBlock, ""), 1000)), {"CORRUPT_VIDEO"});
  with("blocks of no frame", cluster(repeated(element(kSimpleBlock, block("")), 1000)), {"CORRUPT_VIDEO"});
  with("blocks of a track that is not there",
       cluster(repeated(element(kSimpleBlock, "\x85" + big(0x80, 3) + jpeg_), 9)), {"CORRUPT_VIDEO"});
  with("a block of 2^40 bytes", cluster(frame + elementOf(kSimpleBlock, 1ULL << 40, block(jpeg_))), some);
  with("a cluster of 2^40 bytes", elementOf(kCluster, 1ULL << 40, element(kTimecode, big(0, 1)) + frame),
       {"TRUNCATED_VIDEO", "none"});
  with("frames of noise", cluster(repeated(element(kSimpleBlock, block(noise(500, 2))), 20)), {"CORRUPT_VIDEO"});
  for (const int lacing : {2, 4, 6}) {
    with("laces of kind " + std::to_string(lacing) + " with lying sizes",
         cluster(repeated(element(kSimpleBlock, block("\xFF" + repeated("\xFF", 300) + jpeg_, 0, lacing)), 5)), some);
    with("laces of kind " + std::to_string(lacing) + " of noise",
         cluster(repeated(element(kSimpleBlock, block(noise(400, 3), 0, lacing)), 50)), some);
  }
  with("a time of 2^63", cluster(frame, 1ULL << 63) + cluster(frame, 1), some);
  with("a time of 2^63 - 1", cluster(frame, 1) + cluster(frame, (1ULL << 63) - 1), some);
  with("times that go backwards", cluster(frame, 1000) + cluster(frame, 500) + cluster(frame, 0), {"none"});

  const auto timed = [&](const std::string& scale, const std::string& duration) {
    return ebmlHead() + element(kSegment, element(0x1549A966, element(0x2AD7B1, scale) + element(0x4489, duration)) +
                                              tracks + cluster(frame + frame));
  };
  add("mkv: a timescale of 0", timed(big(0, 4), big(0, 8)), some);
  add("mkv: a timescale of 2^64 - 1", timed(big(~0ULL, 8), big(0, 8)), some);
  add("mkv: a duration that is no number", timed(big(1'000'000, 4), big(0x7FF8000000000000, 8)), some);

  const std::string packed = element(0x6D80, element(0x6240, element(0x5034, element(0x4254, big(0, 1)))));
  add("mkv: blocks that unpack to a thousand times their size",
      matroska(element(kTracks, videoTrack(1, "V_MJPEG", 64, 48, packed)) +
               cluster(repeated(element(kSimpleBlock, block(zlibOfZeros(9'000'000))), 3))),
      {"CORRUPT_VIDEO"});
  add("mkv: blocks that unpack without end",
      matroska(element(kTracks, videoTrack(1, "V_MJPEG", 64, 48, packed)) +
               cluster(repeated(element(kSimpleBlock, block(zlibOfZeros(200'000'000))), 2))),
      {"CORRUPT_VIDEO"});
}

void HostileCorpus::addMatroskaOfOpenSize() {
  const std::string tracks = element(kTracks, videoTrack(1, "V_MJPEG", 64, 48));
  const std::string frame = element(kSimpleBlock, block(jpeg_));
  const std::string sized = cluster(frame);
  const std::string open = elementOf(kCluster, kUnknown, element(kTimecode, big(0, 8)) + frame);
  const auto with = [&](const std::string& what, const std::string& body, std::vector<std::string> codes) {
    add("mkv of open size: " + what, ebmlHead() + elementOf(kSegment, kUnknown, body), std::move(codes));
  };
  with("a recording without an index", tracks + sized + sized, {"none"});
  with("the same with open clusters", tracks + open + open, {"none"});
  with("cut within an open cluster's last block", tracks + open + cutTo(open, 0.9), {"TRUNCATED_VIDEO"});
  with("noise after an open cluster", tracks + open + "\x01" + noise(999, 5), {"none"});

  const std::string place = seekHead(kCues, 0);  // of the size that it has with any other number
  const std::uint64_t whole = (place + tracks + sized).size();
  with("an index where the head says", seekHead(kCues, whole) + tracks + sized + cues(whole - sized.size()), {"none"});
  with("an index in front", cues((cues(0) + tracks).size()) + tracks + sized, {"none"});
  const std::string rest = tracks + sized;
  const std::string recording = tracks + open;
  for (const auto& [what, head] : {std::pair("index", kCues), std::pair("tags", kTags)}) {
    const auto named = [&, &part = what](const char* where) { return std::string("its head names ") + part + where; };
    const std::string begun = rest + big(head >> 24, 1);
    with(named(" right after the end"), seekHead(head, whole) + rest, {"TRUNCATED_VIDEO"});
    with(named(" of which one byte is left"), seekHead(head, whole) + begun, {"TRUNCATED_VIDEO"});
    with(named(" far beyond the end"), seekHead(head, 1ULL << 40) + recording, {"TRUNCATED_VIDEO"});
    with(named(" at a place that was never filled in"), seekHead(head, UINT64_MAX) + rest, {"none"});
  }
  with("room for a head that was never written", element(kVoid, std::string(100, '\0')) + tracks + sized, {"none"});
  with("an index in front that names a cluster beyond the end", cues(1000 + whole) + tracks + sized,
       {"TRUNCATED_VIDEO"});
  with("its index is cut", tracks + sized + cutTo(cues(tracks.size()), 0.8), {"TRUNCATED_VIDEO"});
  with("places of no bytes and of nine",
       element(kSeekHead, element(0x4DBB, element(0x53AC, "") + element(0x53AC, repeated("\xFE", 9)))) + tracks + sized,
       {"none"});
}

}  // namespace tubelet::video::test
