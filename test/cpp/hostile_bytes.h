#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace tubelet::video::test {

/// `value` as `bytes` bytes, the most significant first.
std::string big(std::uint64_t value, int bytes);
/// The same, the least significant first.
std::string little(std::uint64_t value, int bytes);
std::string repeated(const std::string& part, std::size_t times);
/// The same bytes for the same seed, everywhere.
std::string noise(std::size_t bytes, unsigned seed);
/// `whole` with other bytes from `at` on.
std::string patched(std::string whole, std::size_t at, const std::string& bytes);
/// `whole` without its last bytes, so that this part of it is left.
std::string cutTo(const std::string& whole, double part);

// ISO/IEC 14496-12 and QuickTime.

std::string box(const std::string& type, const std::string& body);
/// A box with a version and flags, both 0.
std::string fullBox(const std::string& type, const std::string& body);
/// Where the body of the first box of this type begins; throws when there is none.
std::size_t bodyOf(const std::string& whole, const std::string& type);

/// What a movie of one track is made of. The defaults are sound; a hostile file spoils one of them.
struct Movie {
  std::string entry;                          ///< of 'stsd'
  std::map<std::string, std::string> tables;  ///< boxes of 'stbl', by type; bodies without version and flags
  std::string dataReference = big(1, 4) + box("url ", big(1, 4));
  std::string edits;  ///< the body of 'edts'
  std::uint32_t timescale = 25;
  int width = 64;  ///< as 'tkhd' says
  int height = 48;
  int tracks = 1;
  std::string more;  ///< boxes after the tracks

  /// `count` samples, all with the bytes of one picture ('jpeg' or 'png ').
  Movie(const std::string& fourcc, const std::string& picture, std::uint32_t count);

  std::string bytes() const;

 private:
  std::string media_;
};

/// A visual sample entry.
std::string visualEntry(const std::string& fourcc, int width, int height);

// RFC 8794 and Matroska.

/// An element; its size takes eight bytes.
std::string element(std::uint32_t id, const std::string& body);
/// An element that claims a size of its own.
std::string elementOf(std::uint32_t id, std::uint64_t size, const std::string& body);
std::string ebmlHead(const std::string& docType = "matroska");
/// A video track with the codec's Matroska name.
std::string videoTrack(int number, const std::string& codec, int width, int height, const std::string& more = {});
std::string matroska(const std::string& body);

// Others.

/// The checksum of MPEG-2 sections, which begins at 2^32 - 1, and of Ogg pages, which begins at 0.
std::uint32_t crcFrom(std::uint32_t start, const std::string& bytes);
/// The checksum of PNG chunks.
std::uint32_t crcOfPng(const std::string& chunk);
std::string pngChunk(const std::string& type, const std::string& body);
std::string riffChunk(const std::string& type, const std::string& body);

}  // namespace tubelet::video::test
