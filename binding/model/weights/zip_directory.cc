#include "model/weights/zip_directory.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace tubelet::model {

namespace {

// Signatures and field positions from the .ZIP File Format Specification (APPNOTE.TXT), 4.3.12 to 4.3.16.
constexpr std::string_view kEntry("PK\x01\x02", 4);
constexpr std::string_view kEnd64("PK\x06\x06", 4);
constexpr std::string_view kLocator64("PK\x06\x07", 4);
constexpr std::string_view kEnd("PK\x05\x06", 4);
constexpr std::size_t kEntryBytes = 46;  ///< then name, extra field and comment
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kEndBytes = 22;  ///< then a comment of at most 65535 bytes
constexpr std::uint64_t kMaxDirectoryBytes = 16 << 20;

/// The little-endian number of `count` bytes at `position`, which must be inside.
std::uint64_t numberAt(std::string_view bytes, std::size_t position, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[position + i])) << (8 * i);
  }
  return number;
}

struct Directory {
  std::uint64_t offset;
  std::uint64_t bytes;
};

Error damaged(const File& file) {
  return invalidFile(file.path(),
                     "its zip directory is missing or damaged. The file is truncated: copy or download it again.");
}

std::string readAt(const File& file, std::uint64_t offset, std::uint64_t bytes) {
  if (offset > file.size() || bytes > file.size() - offset) throw damaged(file);
  std::string data(bytes, '\0');
  file.read(offset, data.data(), data.size());
  return data;
}

Directory locate(const File& file) {
  const std::uint64_t tailBytes = std::min<std::uint64_t>(file.size(), kLocator64Bytes + kEndBytes + 65535);
  const std::string tail = readAt(file, file.size() - tailBytes, tailBytes);
  const std::string_view view = tail;
  if (view.size() < kEndBytes) throw damaged(file);
  const std::size_t end = view.rfind(kEnd, view.size() - kEndBytes);
  if (end == std::string_view::npos) throw damaged(file);

  if (end >= kLocator64Bytes && view.substr(end - kLocator64Bytes).starts_with(kLocator64)) {
    const auto position = numberAt(view, end - kLocator64Bytes + 8, 8);
    const std::string end64 = readAt(file, position, kEnd64Bytes);
    if (end64.starts_with(kEnd64)) return {numberAt(end64, 48, 8), numberAt(end64, 40, 8)};
  }
  return {numberAt(view, end + 16, 4), numberAt(view, end + 12, 4)};
}

}  // namespace

void requireUncompressed(const File& file) {
  const auto [offset, bytes] = locate(file);
  if (bytes > kMaxDirectoryBytes) throw damaged(file);
  const std::string directory = readAt(file, offset, bytes);
  std::string_view rest = directory;
  while (rest.size() >= kEntryBytes && rest.starts_with(kEntry)) {
    if (const auto method = numberAt(rest, 10, 2); method != 0) {
      throw invalidFile(file.path(), "holds compressed records (zip method " + std::to_string(method) +
                                         "); torch.save writes none. Save the weights again with torch.save.");
    }
    const std::size_t entry = kEntryBytes + numberAt(rest, 28, 2) + numberAt(rest, 30, 2) + numberAt(rest, 32, 2);
    rest.remove_prefix(std::min(entry, rest.size()));
  }
  if (!rest.empty()) throw damaged(file);
}

}  // namespace tubelet::model
