#include "video/container/truncation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace tubelet::video {
namespace {

/// Enough for a day of one-second fragments; ends the walk over a file of nothing but tiny boxes.
constexpr int kMaxElements = 200'000;

struct Header {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t count = 0;

  Header(Source& source, std::int64_t offset) {
    const std::int64_t left = std::max<std::int64_t>(source.size() - offset, 0);
    count = source.read(offset, bytes.data(), static_cast<std::size_t>(std::min<std::int64_t>(left, 16)));
  }

  std::string_view text(std::size_t at, std::size_t length) const {
    return at + length <= count ? std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, length)
                                : std::string_view();
  }
  std::uint64_t big(std::size_t at, std::size_t length) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i) value = value << 8 | bytes[at + i];
    return value;
  }
  std::uint32_t little32(std::size_t at) const {
    return std::uint32_t{bytes[at]} | std::uint32_t{bytes[at + 1]} << 8 | std::uint32_t{bytes[at + 2]} << 16 |
           std::uint32_t{bytes[at + 3]} << 24;
  }
};

std::string shortBy(std::string_view part, std::uint64_t bytes) {
  return "its " + std::string(part) + " should continue for " + std::to_string(bytes) + " more bytes";
}

/// Bytes that a part of `length` bytes from `offset` on lacks in a file of `size` bytes.
std::uint64_t lacking(std::uint64_t offset, std::uint64_t length, std::int64_t size) {
  const std::uint64_t present = static_cast<std::uint64_t>(size) - std::min(offset, static_cast<std::uint64_t>(size));
  return length > present ? length - present : 0;
}

/// ISO/IEC 14496-12, 4.2: boxes of a 32-bit size and a type; size 1 means a 64-bit size follows, 0 "to the end".
std::optional<std::string> inBoxes(Source& source, const CancelToken& token) {
  std::int64_t offset = 0;
  for (int i = 0; i < kMaxElements && offset < source.size(); ++i) {
    token.check();
    const Header header(source, offset);
    if (header.count < 8) break;
    std::uint64_t length = header.big(0, 4);
    if (length == 1 && header.count == 16) length = header.big(8, 8);
    const std::string_view type = header.text(4, 4);
    const std::uint64_t missing = lacking(static_cast<std::uint64_t>(offset), length, source.size());
    if (missing > 0) {
      // Anything else that reaches beyond the end is taken for garbage after the end of the video.
      if (type == "moov" || type == "mdat" || type == "moof")
        return shortBy("'" + std::string(type) + "' box", missing);
      break;
    }
    if (length < 8) break;
    offset += static_cast<std::int64_t>(length);
  }
  return std::nullopt;
}

/// An element's identifier and size, RFC 8794: the count of leading zero bits says how many bytes follow the first.
struct Element {
  std::uint64_t id = 0;
  std::uint64_t length = 0;
  std::int64_t body = 0;
  bool known = true;  ///< false: the size was left open
  bool valid = false;

  Element(Source& source, std::int64_t offset) {
    const Header header(source, offset);
    const std::size_t idBytes = width(header, 0, 4);
    if (idBytes == 0) return;
    const std::size_t sizeBytes = width(header, idBytes, 8);
    if (sizeBytes == 0) return;
    id = header.big(0, idBytes);
    const std::uint64_t mask = (std::uint64_t{1} << (7 * sizeBytes)) - 1;
    length = header.big(idBytes, sizeBytes) & mask;
    known = length != mask;
    body = offset + static_cast<std::int64_t>(idBytes + sizeBytes);
    valid = true;
  }

  static std::size_t width(const Header& header, std::size_t at, std::size_t most) {
    if (at >= header.count) return 0;
    std::size_t bytes = 1;
    for (unsigned bit = 0x80; bit != 0 && !(header.bytes[at] & bit); bit >>= 1) ++bytes;
    return bytes <= most && at + bytes <= header.count ? bytes : 0;
  }
};

// RFC 9559. Identifiers of four bytes are those of the file's and the segment's own parts.
constexpr std::uint64_t kEbml = 0x1A45DFA3;
constexpr std::uint64_t kSegment = 0x18538067;
constexpr std::uint64_t kSeekHead = 0x114D9B74;
constexpr std::uint64_t kSeek = 0x4DBB;
constexpr std::uint64_t kSeekPosition = 0x53AC;
constexpr std::uint64_t kCues = 0x1C53BB6B;
constexpr std::uint64_t kCuePoint = 0xBB;
constexpr std::uint64_t kCueTrackPositions = 0xB7;
constexpr std::uint64_t kCueClusterPosition = 0xF1;
constexpr std::uint64_t kCluster = 0x1F43B675;
constexpr std::uint64_t kSimpleBlock = 0xA3;
constexpr std::uint64_t kBlockGroup = 0xA0;

bool holdsPlaces(const Element& element) {
  return element.id == kSeekHead || element.id == kSeek || element.id == kCues || element.id == kCuePoint ||
         element.id == kCueTrackPositions;
}

bool isPlace(const Element& element) {
  return element.id == kSeekPosition || element.id == kCueClusterPosition;
}

/// What the message calls a part that reaches beyond the end; anything else that does is taken for garbage after the
/// end of the video.
const char* partName(const Element& element, bool inCluster) {
  if (element.id == kSegment) return "segment";
  if (element.id == kCluster) return "last cluster";
  if (element.id == kCues || element.id == kSeekHead) return "index";
  return inCluster && (element.id == kSimpleBlock || element.id == kBlockGroup) ? "last frame" : nullptr;
}

/// A place in the segment that an index names, if not even the header of what should begin there is present. Writers
/// that fill in their index at the end leave all bits set until then (GStreamer's does).
std::optional<std::string> beyondEnd(Source& source, const Element& element, std::int64_t segment) {
  std::array<std::uint8_t, 8> bytes{};
  if (element.length > bytes.size()) return std::nullopt;
  source.read(element.body, bytes.data(), static_cast<std::size_t>(element.length));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < element.length; ++i) value = value << 8 | bytes[i];
  constexpr std::uint64_t kHeaderBytes = 12;  // at most
  const std::uint64_t place = static_cast<std::uint64_t>(segment) + value;
  const auto size = static_cast<std::uint64_t>(source.size());
  const bool begins =
      place < size && (size - place >= kHeaderBytes || Element(source, static_cast<std::int64_t>(place)).valid);
  if (value == UINT64_MAX || begins) return std::nullopt;
  return "its index points to byte " + std::to_string(place) + ", but it has only " + std::to_string(size) + " bytes";
}

/// One walk through the file: over what has a size, into a segment and clusters that were left open, whose parts then
/// follow one another, and into the indexes.
std::optional<std::string> inElements(Source& source, const CancelToken& token) {
  std::int64_t offset = 0;
  std::int64_t segment = 0;  // where its body begins, from which its indexes count
  bool inCluster = false;
  for (int i = 0; i < kMaxElements && offset < source.size(); ++i) {
    token.check();
    const Element element(source, offset);
    if (!element.valid) break;
    if (element.id > 0xFF'FFFF) inCluster = element.id == kCluster && !element.known;
    if (!element.known) {
      if (element.id != kSegment && element.id != kCluster) break;
      if (element.id == kSegment) segment = element.body;
      offset = element.body;
      continue;
    }
    const std::uint64_t missing = lacking(static_cast<std::uint64_t>(element.body), element.length, source.size());
    if (missing > 0) {
      const char* part = partName(element, inCluster);
      return part ? std::optional(shortBy(part, missing)) : std::nullopt;
    }
    if (element.id == kSegment) break;  // all of it is there
    if (isPlace(element)) {
      if (auto beyond = beyondEnd(source, element, segment)) return beyond;
    }
    offset = holdsPlaces(element) ? element.body : element.body + static_cast<std::int64_t>(element.length);
  }
  return std::nullopt;
}

/// AVI: one RIFF chunk, or several in OpenDML files over 1 GB.
std::optional<std::string> inRiff(Source& source, const CancelToken& token) {
  std::int64_t offset = 0;
  for (int i = 0; i < kMaxElements && offset < source.size(); ++i) {
    token.check();
    const Header header(source, offset);
    if (header.text(0, 4) != "RIFF" || header.count < 8) break;
    const std::uint32_t length = header.little32(4);
    if (length == 0 || length == UINT32_MAX) break;  // never filled in by the writer
    const std::uint64_t missing = lacking(static_cast<std::uint64_t>(offset) + 8, length, source.size());
    if (missing > 0) return shortBy("RIFF chunk", missing);
    offset += 8 + std::int64_t{length} + (length & 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> missingBytes(Source& source, const CancelToken& token) {
  const Header start(source, 0);
  if (start.text(4, 4) == "ftyp" || start.text(4, 4) == "moov" || start.text(4, 4) == "mdat" ||
      start.text(4, 4) == "wide" || start.text(4, 4) == "free" || start.text(4, 4) == "skip") {
    return inBoxes(source, token);
  }
  if (start.text(0, 4) == "RIFF" && start.text(8, 4) == "AVI ") return inRiff(source, token);
  if (start.count >= 4 && start.big(0, 4) == kEbml) return inElements(source, token);
  return std::nullopt;
}

}  // namespace tubelet::video
