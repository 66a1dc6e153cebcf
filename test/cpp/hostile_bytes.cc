#include "hostile_bytes.h"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace tubelet::video::test {

std::string big(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

std::string little(std::uint64_t value, int bytes) {
  std::string out = big(value, bytes);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string out;
  out.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

std::string noise(std::size_t bytes, unsigned seed) {
  std::string out(bytes, '\0');
  std::mt19937 random(seed);
  for (char& byte : out) byte = static_cast<char>(random() & 0xFF);
  return out;
}

std::string patched(std::string whole, std::size_t at, const std::string& bytes) {
  return std::move(whole.replace(at, bytes.size(), bytes));
}

std::string cutTo(const std::string& whole, double part) {
  return whole.substr(0, static_cast<std::size_t>(static_cast<double>(whole.size()) * part));
}

std::string box(const std::string& type, const std::string& body) {
  return big(body.size() + 8, 4) + type + body;
}

std::string fullBox(const std::string& type, const std::string& body) {
  return box(type, big(0, 4) + body);
}

std::size_t bodyOf(const std::string& whole, const std::string& type) {
  const std::size_t at = whole.find(type);
  if (at == std::string::npos) throw std::runtime_error("there is no '" + type + "' to spoil");
  return at + type.size();
}

std::string visualEntry(const std::string& fourcc, int width, int height) {
  const std::string resolution = big(72 << 16, 4);
  const auto size = [](int pixels) { return big(static_cast<std::uint64_t>(pixels), 2); };
  return box(fourcc, std::string(6, '\0') + big(1, 2) + std::string(16, '\0') + size(width) + size(height) +
                         resolution + resolution + big(0, 4) + big(1, 2) + std::string(32, '\0') + big(24, 2) +
                         big(0xFFFF, 2));
}

namespace {

constexpr std::uint32_t kMediaAt = 24;  // after 'ftyp' and the header of 'mdat'

std::string matrix() {
  return big(1 << 16, 4) + std::string(12, '\0') + big(1 << 16, 4) + std::string(12, '\0') + big(1 << 30, 4);
}

std::string headerOf(const Movie& movie) {
  return fullBox("mvhd", big(0, 8) + big(movie.timescale, 4) + big(100, 4) + big(1 << 16, 4) + big(1 << 8, 2) +
                             std::string(10, '\0') + matrix() + std::string(24, '\0') +
                             big(static_cast<std::uint64_t>(movie.tracks) + 1, 4));
}

std::string track(const Movie& movie, int number) {
  const std::string header =
      box("tkhd", big(3, 4) + big(0, 8) + big(static_cast<std::uint64_t>(number), 4) + big(0, 4) + big(100, 4) +
                      std::string(16, '\0') + matrix() + big(static_cast<std::uint64_t>(movie.width) << 16, 4) +
                      big(static_cast<std::uint64_t>(movie.height) << 16, 4));
  std::string tables = fullBox("stsd", big(1, 4) + movie.entry);
  for (const auto& [type, body] : movie.tables) tables += fullBox(type, body);
  const std::string information =
      box("vmhd", big(1, 4) + big(0, 8)) + box("dinf", fullBox("dref", movie.dataReference)) + box("stbl", tables);
  const std::string media = fullBox("mdhd", big(0, 8) + big(movie.timescale, 4) + big(100, 4) + big(0, 4)) +
                            fullBox("hdlr", big(0, 4) + "vide" + std::string(13, '\0')) + box("minf", information);
  return box("trak", header + (movie.edits.empty() ? "" : box("edts", movie.edits)) + box("mdia", media));
}

}  // namespace

Movie::Movie(const std::string& fourcc, const std::string& picture, std::uint32_t count)
    : entry(visualEntry(fourcc, 64, 48)), media_(repeated(picture, count)) {
  tables["stts"] = big(1, 4) + big(count, 4) + big(1, 4);
  tables["stsc"] = big(1, 4) + big(1, 4) + big(count, 4) + big(1, 4);
  tables["stsz"] = big(picture.size(), 4) + big(count, 4);
  tables["stco"] = big(1, 4) + big(kMediaAt, 4);
}

std::string Movie::bytes() const {
  std::string moov = headerOf(*this);
  for (int number = 1; number <= tracks; ++number) moov += track(*this, number);
  return box("ftyp", "qt  " + big(0, 4)) + box("mdat", media_) + box("moov", moov + more);
}

std::string elementOf(std::uint32_t id, std::uint64_t size, const std::string& body) {
  int idBytes = 4;
  while (idBytes > 1 && id >> (8 * (idBytes - 1)) == 0) --idBytes;
  return big(id, idBytes) + big((std::uint64_t{1} << 56) | size, 8) + body;
}

std::string element(std::uint32_t id, const std::string& body) {
  return elementOf(id, body.size(), body);
}

std::string ebmlHead(const std::string& docType) {
  return element(0x1A45DFA3, element(0x4282, docType) + element(0x4287, big(4, 1)) + element(0x4285, big(2, 1)));
}

std::string videoTrack(int number, const std::string& codec, int width, int height, const std::string& more) {
  const auto value = [](int of) { return big(static_cast<std::uint64_t>(of), 4); };
  return element(0xAE, element(0xD7, value(number)) + element(0x73C5, value(number)) + element(0x83, big(1, 1)) +
                           element(0x86, codec) +
                           element(0xE0, element(0xB0, value(width)) + element(0xBA, value(height))) + more);
}

std::string matroska(const std::string& body) {
  return ebmlHead() + element(0x18538067, element(0x1549A966, element(0x2AD7B1, big(1'000'000, 4))) + body);
}

std::uint32_t crcFrom(std::uint32_t start, const std::string& bytes) {
  std::uint32_t crc = start;
  for (const char byte : bytes) {
    crc ^= std::uint32_t{static_cast<unsigned char>(byte)} << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ (crc >> 31 ? 0x04C11DB7U : 0U);
  }
  return crc;
}

std::uint32_t crcOfPng(const std::string& chunk) {
  std::uint32_t crc = UINT32_MAX;
  for (const char byte : chunk) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string pngChunk(const std::string& type, const std::string& body) {
  return big(body.size(), 4) + type + body + big(crcOfPng(type + body), 4);
}

std::string riffChunk(const std::string& type, const std::string& body) {
  return type + little(body.size(), 4) + body + std::string(body.size() % 2, '\0');
}

}  // namespace tubelet::video::test
