#include "video/container/movie_tables.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/error.h"

namespace tubelet::video {
namespace {

constexpr int kDeepest = 10;  // as in libav's own parser

/// Samples that all tracks together may have, for each frame that may be walked: sound comes in more and smaller ones
/// than pictures do. With the default limit, libav's index then takes up to 400 MB.
constexpr std::int64_t kSamplesPerFrame = 16;

constexpr std::uint32_t fourcc(const char (&name)[5]) {
  std::uint32_t code = 0;
  for (int i = 0; i < 4; ++i) code = code << 8 | static_cast<unsigned char>(name[i]);
  return code;
}

/// Numbers anywhere in a source, read a block at a time.
class Numbers {
 public:
  explicit Numbers(Source& source) : source_(source) {}

  std::int64_t size() const { return source_.size(); }

  /// `bytes` bytes at `at`, the most significant first; those beyond the end are 0.
  std::uint64_t at(std::int64_t at, int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | byte(at + i);
    return value;
  }

 private:
  std::uint8_t byte(std::int64_t at) {
    if (at < 0 || at >= source_.size()) return 0;
    if (at < start_ || at >= start_ + count_) {
      start_ = at;
      const auto wanted = std::min<std::int64_t>(source_.size() - at, static_cast<std::int64_t>(block_.size()));
      count_ = static_cast<std::int64_t>(source_.read(at, block_.data(), static_cast<std::size_t>(wanted)));
      if (count_ == 0) return 0;
    }
    return block_[static_cast<std::size_t>(at - start_)];
  }

  Source& source_;
  std::array<std::uint8_t, 4096> block_{};
  std::int64_t start_ = 0;
  std::int64_t count_ = 0;
};

class TableCheck {
 public:
  TableCheck(Source& source, const Limits& limits, const CancelToken& token)
      : numbers_(source), name_(source.name()), token_(token) {
    const std::int64_t frames = std::max(limits.frames, Limits{}.frames);
    if (__builtin_mul_overflow(frames, kSamplesPerFrame, &most_)) most_ = INT64_MAX;
  }

  void run() {
    walk(0, numbers_.size(), 0);
    if (hasItems_ && !hasTracks_) {
      throw Error(ErrorCode::NotAVideo, name_ + " is a still picture (HEIC, AVIF or alike), not a video.");
    }
  }

 private:
  /// What the boxes of one 'trak' say.
  struct Track {
    std::int64_t samples = 0;
    std::int64_t edits = 0;
    bool sound = false;
    bool unitDurations = false;  ///< one entry in 'stts', of duration 1: libav indexes such sound by its chunks
  };

  /// ISO/IEC 14496-12, 4.2: boxes of a 32-bit size and a type; size 1 means a 64-bit size follows, 0 "to the end".
  void walk(std::int64_t offset, std::int64_t end, int depth) {
    while (end - offset >= 8) {
      token_.check();
      std::uint64_t length = numbers_.at(offset, 4);
      const auto type = static_cast<std::uint32_t>(numbers_.at(offset + 4, 4));
      std::int64_t body = offset + 8;
      if (length == 1) {
        length = numbers_.at(offset + 8, 8);
        body += 8;
      }
      const auto left = static_cast<std::uint64_t>(end - offset);
      if (length == 0 || length > left) length = left;
      if (length < static_cast<std::uint64_t>(body - offset)) return;
      offset += static_cast<std::int64_t>(length);
      take(type, body, offset, depth);
    }
  }

  void take(std::uint32_t type, std::int64_t body, std::int64_t end, int depth) {
    if (depth == 0) {
      hasItems_ = hasItems_ || type == fourcc("meta");
      hasTracks_ = hasTracks_ || type == fourcc("moov");
    }
    switch (type) {
      case fourcc("trak"):
        track_ = {};
        descend(body, end, depth);
        count(track_.sound && track_.unitDurations ? 0 : track_.samples, std::max<std::int64_t>(track_.edits, 1));
        break;
      // Boxes that libav searches for tracks, wherever they are.
      case fourcc("moov"):
      case fourcc("moof"):
      case fourcc("traf"):
      case fourcc("edts"):
      case fourcc("mdia"):
      case fourcc("minf"):
      case fourcc("stbl"):
      case fourcc("udta"):
      case fourcc("wave"):
        descend(body, end, depth);
        break;
      case fourcc("hdlr"):
        track_.sound = numbers_.at(body + 8, 4) == fourcc("soun");
        break;
      case fourcc("elst"):
        track_.edits = claim(type, body + 4, numbers_.at(body, 1) == 1 ? 20 : 12);
        break;
      case fourcc("stsz"):
        track_.samples = numbers_.at(body + 4, 4) == 0 ? claim(type, body + 8, 4)
                                                       : static_cast<std::int64_t>(numbers_.at(body + 8, 4));
        break;
      case fourcc("stz2"):
        track_.samples = claim(type, body + 8, 0);  // of 4 bits or more
        break;
      case fourcc("stts"):
        track_.unitDurations = claim(type, body + 4, 8) == 1 && numbers_.at(body + 12, 4) == 1;
        break;
      case fourcc("ctts"):
        claim(type, body + 4, 8);
        break;
      case fourcc("stsc"):
        claim(type, body + 4, 12);
        break;
      case fourcc("stco"):
      case fourcc("stss"):
        claim(type, body + 4, 4);
        break;
      case fourcc("co64"):
        claim(type, body + 4, 8);
        break;
      case fourcc("trun"):
        count(static_cast<std::int64_t>(numbers_.at(body + 4, 4)), 1);
        break;
      default:
        break;
    }
  }

  void descend(std::int64_t body, std::int64_t end, int depth) {
    if (depth < kDeepest) walk(body, end, depth + 1);
  }

  /// How many entries of the given size a table claims to have.
  std::int64_t claim(std::uint32_t type, std::int64_t at, std::int64_t entryBytes) {
    const auto entries = static_cast<std::int64_t>(numbers_.at(at, 4));
    if (entries * entryBytes > numbers_.size()) {
      std::string name;
      for (int shift = 24; shift >= 0; shift -= 8) name += static_cast<char>(type >> shift & 0xFF);
      throw Error(ErrorCode::CorruptVideo, name_ + " is damaged: its '" + name + "' table claims " +
                                               std::to_string(entries) + " entries, more than the file has room for.");
    }
    return entries;
  }

  /// Adds the samples of a track or fragment to the sum, each as many times as the index repeats it.
  void count(std::int64_t samples, std::int64_t times) {
    std::int64_t entries = 0;
    const bool overflows =
        __builtin_mul_overflow(samples, times, &entries) || __builtin_add_overflow(samples_, entries, &samples_);
    if (!overflows && samples_ <= most_) return;
    throw Error(ErrorCode::LimitExceeded, name_ + " claims more than " + std::to_string(most_) +
                                              " samples in its tracks, " + std::to_string(kSamplesPerFrame) +
                                              " for each frame of the limit. Raise the limit `frames` to read it.");
  }

  Numbers numbers_;
  const std::string& name_;
  const CancelToken& token_;
  std::int64_t most_ = 0;
  std::int64_t samples_ = 0;
  Track track_;
  bool hasItems_ = false;  ///< ISO/IEC 23008-12: pictures are items of the file's own 'meta'
  bool hasTracks_ = false;
};

}  // namespace

void checkMovieTables(Source& source, const Limits& limits, const CancelToken& token) {
  TableCheck(source, limits, token).run();
}

}  // namespace tubelet::video
