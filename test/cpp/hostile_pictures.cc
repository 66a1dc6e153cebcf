// Hostile files in GIF and animated PNG, and pictures that lie inside sound containers.

#include <vector>

#include "hostile_bytes.h"
#include "hostile_corpus.h"

namespace tubelet::video::test {
namespace {

/// One more frame than the default limit.
constexpr std::size_t kTooManyFrames = 1'000'001;

/// A GIF's head with a palette of black and white.
std::string gifHead(int width, int height) {
  return "GIF89a" + little(static_cast<std::uint64_t>(width), 2) + little(static_cast<std::uint64_t>(height), 2) +
         std::string("\x80\0\0\0\0\0\xFF\xFF\xFF", 9);
}

std::string gifFrame(int width, int height, const std::string& data) {
  return "," + std::string(4, '\0') + little(static_cast<std::uint64_t>(width), 2) +
         little(static_cast<std::uint64_t>(height), 2) + std::string(1, '\0') + data;
}

/// The data of a frame of one pixel.
const std::string kGifPixel("\2\2D\1\0", 5);
const std::string kGifEnd = ";";

const std::string kPngSignature("\x89PNG\r\n\x1A\n");

std::string pngHead(std::uint64_t width, std::uint64_t height) {
  return pngChunk("IHDR", big(width, 4) + big(height, 4) + std::string("\x08\0\0\0\0", 5));
}

/// One grey pixel, zlib's stored form.
const std::string kPngPixel = std::string("\x78\1\1\2\0\xFD\xFF\0\x7F", 9) + big(129 << 16 | 128, 4);

std::string frameControl(std::uint64_t sequence, std::uint64_t width, std::uint64_t height, std::uint64_t x = 0) {
  return pngChunk("fcTL", big(sequence, 4) + big(width, 4) + big(height, 4) + big(x, 4) + big(0, 4) + big(1, 2) +
                              big(25, 2) + big(0, 2));
}

std::string apng(const std::string& head, std::uint64_t claimed, const std::string& frames) {
  return kPngSignature + head + pngChunk("acTL", big(claimed, 4) + big(0, 4)) + frames + pngChunk("IEND", "");
}

}  // namespace

void HostileCorpus::addGifs() {
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO"};
  const std::string pixel = gifFrame(1, 1, kGifPixel);
  add("gif: made by hand, sound", gifHead(1, 1) + repeated(pixel, 5) + kGifEnd, {"none"});
  add("gif: 1,000,001 frames", gifHead(1, 1) + repeated(pixel, kTooManyFrames) + kGifEnd, {"LIMIT_EXCEEDED", "none"});
  add("gif: 65535 x 65535", gifHead(65535, 65535) + repeated(pixel, 5) + kGifEnd, {"LIMIT_EXCEEDED"});
  add("gif: a row over the limit", gifHead(8192, 8193) + repeated(pixel, 5) + kGifEnd, {"LIMIT_EXCEEDED"});
  add("gif: 0 x 0", gifHead(0, 0) + repeated(pixel, 5) + kGifEnd, {"none", "CORRUPT_VIDEO", "NOT_A_VIDEO"});
  add("gif: frames larger than the screen", gifHead(2, 2) + repeated(gifFrame(60'000, 60'000, kGifPixel), 50) + kGifEnd,
      some);
  add("gif: no frames", gifHead(64, 48) + kGifEnd, {"CORRUPT_VIDEO", "NOT_A_VIDEO"});
  add("gif: only a head", gifHead(64, 48), {"CORRUPT_VIDEO", "NOT_A_VIDEO"});
  add("gif: frames of noise", gifHead(64, 48) + repeated(gifFrame(64, 48, "\x08\xFF" + noise(255, 1) + '\0'), 20),
      some);
  add("gif: a code size of 255", gifHead(64, 48) + repeated(gifFrame(64, 48, "\xFF\x08" + noise(8, 2) + '\0'), 20),
      some);
  add("gif: comments without end", gifHead(64, 48) + repeated("!\xFE\xFF" + std::string(255, 'x') + '\0', 2000),
      {"CORRUPT_VIDEO", "NOT_A_VIDEO"});
}

void HostileCorpus::addPngs() {
  const std::vector<std::string> some = {"none", "CORRUPT_VIDEO", "TRUNCATED_VIDEO"};
  std::string frames = frameControl(0, 1, 1) + pngChunk("IDAT", kPngPixel);
  const auto frameAt = [](std::uint64_t k) {
    return frameControl(2 * k - 1, 1, 1) + pngChunk("fdAT", big(2 * k, 4) + kPngPixel);
  };
  const std::string first = frames;
  for (std::uint64_t k = 1; k < 10; ++k) frames += frameAt(k);
  add("apng: made by hand, sound", apng(pngHead(1, 1), 10, frames), {"none"});
  add("apng: 2^31 - 1 frames of which ten are there", apng(pngHead(1, 1), INT32_MAX, frames), some);
  add("apng: 65535 x 65535", apng(pngHead(65535, 65535), 10, frames), {"NOT_A_VIDEO"});
  add("apng: a row over the limit", apng(pngHead(8192, 8193), 10, frames), {"LIMIT_EXCEEDED"});
  add("apng: 2^31 - 1 x 2^31 - 1", apng(pngHead(INT32_MAX, INT32_MAX), 10, frames), {"NOT_A_VIDEO"});
  add("apng: frames larger than the picture",
      apng(pngHead(1, 1), 2, first + frameControl(1, 9000, 9000) + pngChunk("fdAT", big(2, 4) + kPngPixel)), some);
  add("apng: frames beside the picture",
      apng(pngHead(1, 1), 2, first + frameControl(1, 1, 1, UINT32_MAX) + pngChunk("fdAT", big(2, 4) + kPngPixel)),
      some);
  add("apng: a chunk of 2^31 - 1 bytes",
      kPngSignature + pngHead(1, 1) + pngChunk("acTL", big(2, 4) + big(0, 4)) + first + big(INT32_MAX, 4) + "fdAT",
      some);
  add("apng: no frames", apng(pngHead(1, 1), 10, ""), {"CORRUPT_VIDEO", "NOT_A_VIDEO"});
  add("apng: 50,000 palettes", apng(pngHead(1, 1) + repeated(pngChunk("PLTE", "abc"), 50'000), 10, frames),
      {"none", "CORRUPT_VIDEO", "NOT_A_VIDEO"});
  frames = first;
  for (std::uint64_t k = 1; k < 30'000; ++k) frames += frameAt(k);
  add("apng: 30,000 frames", apng(pngHead(1, 1), 30'000, frames), {"none"});
}

void HostileCorpus::addLyingPictures() {
  // SOF0, ITU-T T.81, B.2.2: length, precision, height, width.
  const std::size_t sof = bodyOf(jpeg_, "\xFF\xC0");
  const auto jpegOf = [&](std::uint64_t width, std::uint64_t height) {
    return Movie("jpeg", patched(jpeg_, sof + 3, big(height, 2) + big(width, 2)), 5).bytes();
  };
  const auto pngOf = [&](std::uint64_t width, std::uint64_t height) {
    const std::size_t body = bodyOf(png_, "IHDR");
    std::string header = "IHDR" + big(width, 4) + big(height, 4) + png_.substr(body + 8, 5);
    header += big(crcOfPng(header), 4);
    return Movie("png ", patched(png_, body - 4, header), 5).bytes();
  };
  const std::vector<std::string> refused = {"LIMIT_EXCEEDED", "CORRUPT_VIDEO"};
  add("a JPEG of 65500 x 65500 in a movie of 64 x 48", jpegOf(65500, 65500), refused);
  add("a JPEG of 0 x 0 in a movie of 64 x 48", jpegOf(0, 0), {"CORRUPT_VIDEO"});
  add("a PNG of 65535 x 65535 in a movie of 64 x 48", pngOf(65535, 65535), refused);
  add("a PNG of 2^31 - 1 x 1 in a movie of 64 x 48", pngOf(INT32_MAX, 1), refused);
  add("a PNG of noise in a movie", Movie("png ", png_.substr(0, 60) + noise(3000, 1), 5).bytes(),
      {"CORRUPT_VIDEO", "none"});
  add("a JPEG of noise in a movie", Movie("jpeg", noise(3000, 2), 5).bytes(), {"CORRUPT_VIDEO"});
  add("frames of one byte in a movie", Movie("jpeg", "x", 100).bytes(), {"CORRUPT_VIDEO"});
}

}  // namespace tubelet::video::test
