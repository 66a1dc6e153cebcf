// Hostile files in MPEG-TS, MPEG-PS, FLV, Ogg and AVI.

#include <utility>
#include <vector>

#include "hostile_bytes.h"
#include "hostile_corpus.h"

namespace tubelet::video::test {
namespace {

constexpr std::size_t kTsPacket = 188;
constexpr const char* kPattern = "-f lavfi -i testsrc2=size=64x48:rate=25 -frames:v 30 ";

/// A packet of ISO/IEC 13818-1, 2.4.3.2, filled up with ones.
std::string tsPacket(int pid, bool start, const std::string& payload, std::size_t counter = 0) {
  std::string packet =
      "G" + big(static_cast<std::uint64_t>(pid) | (start ? 0x4000U : 0U), 2) + big(0x10 | counter % 16, 1) + payload;
  packet.resize(kTsPacket, '\xFF');
  return packet;
}

/// A table in as many packets as it takes.
std::string tsTable(int pid, int table, int extension, const std::string& body) {
  std::string section = big(static_cast<std::uint64_t>(table), 1) + big(0xB000 | (body.size() + 9), 2) +
                        big(static_cast<std::uint64_t>(extension), 2) + "\xC1" + std::string(2, '\0') + body;
  section = std::string(1, '\0') + section + big(crcFrom(UINT32_MAX, section), 4);
  constexpr std::size_t kPayload = kTsPacket - 4;
  std::string packets;
  for (std::size_t at = 0; at < section.size(); at += kPayload) {
    packets += tsPacket(pid, at == 0, section.substr(at, kPayload), at / kPayload);
  }
  return packets;
}

/// `page` with the checksum that it ought to have (RFC 3533, section 6).
std::string oggSealed(std::string page) {
  page.replace(22, 4, std::string(4, '\0'));
  const std::string crc = little(crcFrom(0, page), 4);
  return std::move(page.replace(22, 4, crc));
}

/// A page whose segments all claim `each` bytes.
std::string oggPage(int flags, std::uint32_t serial, std::size_t segments, std::size_t each, const std::string& body) {
  return oggSealed("OggS" + std::string(1, '\0') + big(static_cast<std::uint64_t>(flags), 1) + std::string(8, '\0') +
                   little(serial, 4) + std::string(8, '\0') + big(segments, 1) +
                   std::string(segments, static_cast<char>(each)) + body);
}

std::string flvTag(int type, std::size_t claimed, const std::string& body) {
  return big(static_cast<std::uint64_t>(type), 1) + big(claimed, 3) + std::string(7, '\0') + body +
         big(body.size() + 11, 4);
}

std::string aviHeader(const std::string& streams) {
  return riffChunk("avih", little(40'000, 4) + std::string(12, '\0') + little(20, 4) + std::string(36, '\0')) + streams;
}

std::string aviStream(int width, int height, std::uint64_t scale = 1, std::uint64_t rate = 25) {
  const auto value = [](int of) { return little(static_cast<std::uint64_t>(of), 4); };
  return riffChunk("LIST", "strl" +
                               riffChunk("strh", "vidsMJPG" + std::string(12, '\0') + little(scale, 4) +
                                                     little(rate, 4) + std::string(28, '\0')) +
                               riffChunk("strf", little(40, 4) + value(width) + value(height) + little(1, 2) +
                                                     little(24, 2) + "MJPG" + std::string(20, '\0')));
}

std::string avi(const std::string& streams, const std::string& chunks, const std::string& index = {}) {
  return riffChunk(
      "RIFF", "AVI " + riffChunk("LIST", "hdrl" + aviHeader(streams)) + riffChunk("LIST", "movi" + chunks) + index);
}

}  // namespace

void HostileCorpus::addTransportStreams() {
  const std::string whole = made("sound.ts", std::string(kPattern) + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "NO_VIDEO_STREAM", "NOT_A_VIDEO"};

  constexpr int kPrograms = 6;
  constexpr int kStreamsEach = 170;
  std::string programs;
  std::string maps;
  for (int program = 1; program <= kPrograms; ++program) {
    const int pid = 0x100 + program;
    programs += big(static_cast<std::uint64_t>(program), 2) + big(static_cast<std::uint64_t>(0xE000 | pid), 2);
    std::string streams = big(0xFFFF, 2) + big(0xF000, 2);
    for (int i = 0; i < kStreamsEach; ++i) {
      const int stream = 0x200 + program * kStreamsEach + i;
      streams += "\x1B" + big(static_cast<std::uint64_t>(0xE000 | stream), 2) + big(0xF000, 2);
    }
    maps += tsTable(pid, 2, program, streams);
  }
  add("ts: 1020 streams", repeated(tsTable(0, 0, 1, programs) + maps, 3) + whole, {"LIMIT_EXCEEDED"});

  std::string garbage = noise(kTsPacket * 2000, 1);
  for (std::size_t at = 0; at < garbage.size(); at += kTsPacket) garbage[at] = '\x47';
  add("ts: noise between sync bytes", garbage, some);
  add("ts: only sync bytes", std::string(kTsPacket * 2000, '\x47'), some);
  add("ts: only empty packets", repeated(tsPacket(0x1FFF, false, ""), 2000), some);
  add("ts: only the start of a program", whole.substr(0, kTsPacket * 3), some);
  std::string scrambled = whole;
  for (std::size_t at = 0; at < scrambled.size(); at += kTsPacket) scrambled[at + 3] |= '\x80';
  add("ts: scrambled", scrambled, some);
  std::string lengths = whole;
  for (std::size_t at = 0; (at = lengths.find(std::string("\0\0\1\xE0", 4), at)) != std::string::npos; at += 6) {
    lengths.replace(at + 4, 2, big(0xFFFF, 2));
  }
  add("ts: packets that claim 65,535 bytes", lengths, some);
  add("ts: a table that points to itself", repeated(tsTable(0, 0, 1, big(1, 2) + big(0xE000, 2)), 1000), some);
  add("ts: a program without streams",
      repeated(tsTable(0, 0, 1, big(1, 2) + big(0xE101, 2)) + tsTable(0x101, 2, 1, big(0xFFFF, 2) + big(0xF000, 2)),
               500),
      some);
  const std::string unkeyed = made("unkeyed.ts", std::string(kPattern) +
                                                     "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
                                                     " -g 1000");
  add("ts: no keyframe at all",
      unkeyed.substr(0, kTsPacket * 3) + unkeyed.substr(unkeyed.size() / 2 / kTsPacket * kTsPacket), some);
}

void HostileCorpus::addProgramStreams() {
  const std::string whole = made("sound.mpg", std::string(kPattern) + "-c:v mpeg2video");
  const std::vector<std::string> some = {"none",        "CORRUPT_VIDEO",     "NO_VIDEO_STREAM",
                                         "NOT_A_VIDEO", "UNSUPPORTED_VIDEO", "LIMIT_EXCEEDED"};
  const std::string pack = whole.substr(0, 14);
  std::string packets;
  for (int id = 0xBB; id <= 0xFF; ++id) {
    packets += std::string("\0\0\1", 3) + big(static_cast<std::uint64_t>(id), 1) + big(200, 2) + noise(200, 1);
  }
  add("ps: packets of every kind, of noise", repeated(pack + packets, 50), some);
  add("ps: only pack headers", repeated(pack, 20'000), some);
  std::string lengths = whole;
  for (std::size_t at = 0; (at = lengths.find(std::string("\0\0\1\xE0", 4), at)) != std::string::npos; at += 6) {
    lengths.replace(at + 4, 2, big(0xFFFF, 2));
  }
  add("ps: packets that claim 65,535 bytes", lengths, some);
  add("ps: a map of 65,535 bytes", pack + std::string("\0\0\1\xBC\xFF\xFF", 6) + noise(70'000, 2) + whole, some);
  add("ps: noise from the second half on", patched(whole, whole.size() / 2, noise(whole.size() / 2, 3)), some);
}

void HostileCorpus::addFlv() {
  const std::string whole =
      made("sound.flv", std::string(kPattern) + "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
  const std::string head = std::string("FLV\1\1\0\0\0\x09\0\0\0\0", 13);
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "NO_VIDEO_STREAM", "NOT_A_VIDEO",
                                         "UNSUPPORTED_VIDEO"};
  const std::string onMetaData = std::string("\2\0\12onMetaData", 13);
  const std::string nestedObjects = repeated(std::string("\3\0\1a", 4), 10'000);
  add("flv: 10,000 objects in one another", head + flvTag(18, 13 + nestedObjects.size(), onMetaData + nestedObjects),
      some);
  const std::string keyframes =
      onMetaData + std::string("\3\0\11keyframes\3\0\15filepositions\12", 28) + big(UINT32_MAX, 4);
  add("flv: an index of 2^32 - 1 keyframes", head + flvTag(18, keyframes.size(), keyframes) + whole.substr(13), some);
  add("flv: only a head", head, some);
  add("flv: tags of no bytes", head + repeated(flvTag(9, 0, ""), 10'000), some);
  add("flv: tags that claim 2^24 - 1 bytes", head + repeated(flvTag(9, 0xFFFFFF, noise(50, 1)), 1000), some);
  add("flv: video of noise", head + repeated(flvTag(9, 500, "\x17\1" + noise(498, 2)), 200), some);
  add(
      "flv: tags of every kind",
      head +
          [] {
            std::string tags;
            for (int type = 0; type < 256; ++type) tags += flvTag(type, 100, noise(100, static_cast<unsigned>(type)));
            return tags;
          }(),
      some);
  add("flv: a decoder configuration of noise",
      patched(whole, whole.find(std::string("\x17\0\0\0\0", 5)) + 5, noise(20, 3)), some);
}

void HostileCorpus::addOgg() {
  const std::string whole = made("sound.ogv", std::string(kPattern) + "-c:v libtheora");
  const std::vector<std::string> some = {"none",        "CORRUPT_VIDEO",  "NO_VIDEO_STREAM",
                                         "NOT_A_VIDEO", "LIMIT_EXCEEDED", "UNSUPPORTED_VIDEO"};
  const std::string first = whole.substr(0, 70);  // Theora's identification, 42 bytes, is a page of its own
  std::string streams;
  for (std::uint32_t serial = 1; serial <= 1001; ++serial) streams += oggPage(2, serial, 1, 42, first.substr(28));
  add("ogg: 1001 streams", streams + whole, {"LIMIT_EXCEEDED"});
  const std::uint32_t serial = 1;
  const std::string head = oggPage(2, serial, 1, 42, first.substr(28));
  const std::string packet(65'025, 'x');
  std::string broken = whole;
  for (std::size_t at = 0; (at = broken.find("OggS", at)) != std::string::npos; at += 27) {
    broken.replace(at + 14, 4, noise(4, static_cast<unsigned>(at)));
  }
  add("ogg: pages of noise's streams, with checksums that are wrong", broken, some);
  add("ogg: pages of no segments", head + repeated(oggPage(0, serial, 0, 0, ""), 10'000), some);
  add("ogg: pages that claim more than they have",
      head + repeated(oggPage(0, serial, 255, 255, packet).substr(0, 300), 500), some);
  add("ogg: packets without end", head + repeated(oggPage(1, serial, 255, 255, packet), 30), some);
  add("ogg: packets of no bytes", first + repeated(oggPage(0, serial, 255, 0, ""), 1000), some);
  add("ogg: noise after its heads", patched(whole, whole.size() / 2, noise(whole.size() / 2, 4)), some);
  add("ogg: only the first page", first, some);
  add("ogg: a picture of noise", oggSealed(patched(first, 28 + 7, noise(30, 5))) + whole.substr(70), some);
}

void HostileCorpus::addAvi() {
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO", "LIMIT_EXCEEDED",
                                         "NO_VIDEO_STREAM"};
  const std::string frames = repeated(riffChunk("00dc", jpeg_), 20);
  const auto entry = [](std::uint64_t at, std::uint64_t size) {
    return "00dc" + little(16, 4) + little(at, 4) + little(size, 4);
  };
  const std::string stream = aviStream(64, 48);
  add("avi: made by hand, sound", avi(stream, frames), {"none"});
  add("avi: 65535 x 65535", avi(aviStream(65535, 65535), frames), {"LIMIT_EXCEEDED"});
  add("avi: a row over the limit", avi(aviStream(8192, 8193), frames), {"LIMIT_EXCEEDED"});
  add("avi: 2^31 - 1 x 2^31 - 1", avi(aviStream(INT32_MAX, INT32_MAX), frames), some);
  add("avi: a rate of 0", avi(aviStream(64, 48, 0, 0), frames), some);
  add("avi: a rate of 2^32 - 1", avi(aviStream(64, 48, 1, UINT32_MAX), frames), some);
  add("avi: 1001 streams", avi(repeated(stream, 1001), frames), {"LIMIT_EXCEEDED"});
  add("avi: no frames", avi(stream, ""), {"CORRUPT_VIDEO"});
  add("avi: frames of no bytes", avi(stream, repeated(riffChunk("00dc", ""), 1000)), {"CORRUPT_VIDEO"});
  add("avi: a frame, then frames of no bytes",
      avi(stream, riffChunk("00dc", jpeg_) + repeated(riffChunk("00dc", ""), 20)), {"none"});
  add("avi: an index of places beyond the end",
      avi(stream, frames, riffChunk("idx1", repeated(entry(1 << 30, 99), 1000))), some);
  add("avi: an index of one place", avi(stream, frames, riffChunk("idx1", repeated(entry(4, jpeg_.size()), 1000))),
      some);
  add("avi: an index of noise", avi(stream, frames, riffChunk("idx1", noise(16'000, 1))), some);
  add("avi: chunks of streams that are not there", avi(stream, repeated(riffChunk("77dc", jpeg_), 20)),
      {"CORRUPT_VIDEO"});
  add("avi: a chunk of 2^32 - 1 bytes", avi(stream, frames + "00dc" + big(UINT32_MAX, 4) + jpeg_), some);
  add("avi: lists in one another",
      [] {
        std::string heads;
        for (std::uint64_t level = 10'000; level > 0; --level) heads += "LIST" + little(level * 12, 4) + "hdrl";
        return riffChunk("RIFF", "AVI " + heads);
      }(),
      {"CORRUPT_VIDEO", "NO_VIDEO_STREAM", "NOT_A_VIDEO", "TRUNCATED_VIDEO"});

  // OpenDML: an index of indexes, each of which is this one.
  const auto superIndex = [&](std::uint64_t at) {
    return riffChunk("indx", little(4, 2) + std::string(2, '\0') + little(50, 4) + "00dc" + std::string(12, '\0') +
                                 repeated(little(at, 8) + little(1000, 4) + little(10, 4), 50));
  };
  const std::string probe = avi(riffChunk("LIST", "strl" + stream.substr(12) + superIndex(0)), frames);
  add("avi: an index of indexes that are it",
      avi(riffChunk("LIST", "strl" + stream.substr(12) + superIndex(probe.find("indx"))), frames), some);
}

}  // namespace tubelet::video::test
