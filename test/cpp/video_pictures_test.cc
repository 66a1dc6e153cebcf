#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

constexpr const char* kH264 = "-c:v libx264 -preset veryfast -g 12 -bf 0 -pix_fmt yuv420p";

/// Every frame against the ffmpeg program's: `mean` and `most` levels apart at the most.
void checkAgainstFfmpeg(const TempFolder& folder, const std::string& path, int width, int height, double mean, int most,
                        const std::string& filter = "null") {
  const std::vector<Pixels> reference = ffmpegFrames(folder, path, width, height, "v:0", filter);
  REQUIRE(!reference.empty());
  const Clip clip = read(path, consecutive(static_cast<int>(reference.size())));
  CHECK(clip.width == width);
  CHECK(clip.height == height);
  CHECK(!clip.info.toneMapped);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CAPTURE(i);
    CHECK(meanDifference(clip.slots[i], reference[i]) <= mean);
    CHECK(difference(clip.slots[i], reference[i]) <= most);
  }
}

TEST_CASE("every depth and subsampling of luma, chroma, gray and RGB") {
  const TempFolder folder;
  for (const std::string format :
       {"yuv410p",   "yuv411p",   "yuv420p",   "yuv422p",   "yuv440p",   "yuv444p",   "yuvj420p",
        "yuvj422p",  "yuvj444p",  "yuv420p10", "yuv422p10", "yuv444p10", "yuv420p12", "yuv422p12",
        "yuv444p12", "yuv420p16", "yuv444p16", "gray",      "gray10",    "gray12",    "gray16",
        "bgr0",      "gbrp10",    "gbrp12",    "gbrp16",    "rgb48"}) {
    CAPTURE(format);
    const bool full = format.starts_with("yuvj");  // FFV1 has none
    const std::string path = encode(folder, full ? "format.avi" : "format.mkv", "64x48", 2,
                                    (full ? "-c:v mjpeg -q:v 2 -pix_fmt " : "-c:v ffv1 -strict -2 -pix_fmt ") + format);
    checkAgainstFfmpeg(folder, path, 64, 48, 0.5, 1);
  }
}

TEST_CASE("deep and finely sampled pictures of the common codecs") {
  const TempFolder folder;
  const std::vector<std::pair<std::string, std::string>> encodings = {
      {"h264.mp4", "-c:v libx264 -preset veryfast -pix_fmt yuv422p10"},
      {"h264-444.mp4", "-c:v libx264 -preset veryfast -pix_fmt yuv444p10"},
      {"h264-gray.mp4", "-c:v libx264 -preset veryfast -pix_fmt gray"},
      {"h264-rgb.mp4", "-c:v libx264rgb -preset veryfast -pix_fmt rgb24"},
      {"hevc-10.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10"},
      {"hevc-12.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv422p12"},
      {"hevc-rgb.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt gbrp"},
      {"vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime -profile:v 3 -pix_fmt yuv444p12"},
      {"prores.mov", "-c:v prores_ks -profile:v 3"},
      {"dnxhr.mov", "-c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10"},
      {"mjpeg.avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj422p"},
      {"png.mov", "-c:v png -pix_fmt rgb48be"},
  };
  for (const auto& [name, encoding] : encodings) {
    CAPTURE(name);
    checkAgainstFfmpeg(folder, encode(folder, name, "256x128", 2, encoding), 256, 128, 0.5, 1);
  }
}

TEST_CASE("the smallest and odd sizes") {
  const TempFolder folder;
  const std::vector<std::pair<int, int>> sizes = {{1, 1}, {1, 2}, {2, 1}, {3, 3}, {17, 19}};
  for (const auto& [width, height] : sizes) {
    for (const std::string format : {"yuv420p", "yuv422p", "yuv444p", "yuv420p10", "gray", "bgr0", "bgra"}) {
      CAPTURE(width);
      CAPTURE(height);
      CAPTURE(format);
      std::string encoding = "-vf scale=" + std::to_string(width) + ":" + std::to_string(height);
      // Version 1: from FFmpeg 8 on, the encoder finds no number of slices for the smallest.
      encoding.append(",setsar=1 -c:v ffv1 -level 1 -pix_fmt ").append(format);
      const std::string path = encode(folder, "odd.mkv", "64x48", 2, encoding);
      checkAgainstFfmpeg(folder, path, width, height, 0, 0);
    }
  }
}

/// ITU-T H.273: the share of red and blue in luma.
struct Matrix {
  std::string name;
  double red;
  double blue;
};

/// What the formulas of H.273 make of one colour, each of Y, Cb and Cr of 8 bits.
std::vector<double> rgbOf(const Matrix& matrix, bool full, double y, double cb, double cr) {
  const double luma = full ? y : (y - 16) * 255 / 219;
  const double scale = full ? 1 : 255.0 / 224;
  const double red = luma + 2 * (1 - matrix.red) * (cr - 128) * scale;
  const double blue = luma + 2 * (1 - matrix.blue) * (cb - 128) * scale;
  const double green = (luma - matrix.red * red - matrix.blue * blue) / (1 - matrix.red - matrix.blue);
  return {red, green, blue};
}

TEST_CASE("each matrix and range gives the colour of its formula, and what the ffmpeg program shows") {
  const TempFolder folder;
  const std::vector<Matrix> matrices = {
      {"bt709", 0.2126, 0.0722},   {"fcc", 0.30, 0.11},         {"bt470bg", 0.299, 0.114},
      {"smpte170m", 0.299, 0.114}, {"smpte240m", 0.212, 0.087}, {"bt2020nc", 0.2627, 0.0593},
  };
  for (const Matrix& matrix : matrices) {
    for (const bool full : {false, true}) {
      for (const std::string depth : {"", "10"}) {
        CAPTURE(matrix.name);
        CAPTURE(full);
        CAPTURE(depth);
        std::string encoding = "-vf format=yuv444p";
        encoding.append(depth).append(depth.empty() ? ",geq=lum=120:cb=100:cr=150" : ",geq=lum=480:cb=400:cr=600");
        encoding.append(" -c:v ffv1 -colorspace ")
            .append(matrix.name)
            .append(full ? " -color_range pc" : " -color_range tv");
        const std::string path = encode(folder, "flat.mkv", "16x16", 1, encoding);
        const Pixels pixels = read(path, consecutive(1)).slots[0];
        const std::vector<double> expected = rgbOf(matrix, full, 120, 100, 150);
        for (std::size_t channel = 0; channel < 3; ++channel) {
          CHECK(pixels[channel] == doctest::Approx(expected[channel]).epsilon(0.001).scale(1500));
        }
        checkAgainstFfmpeg(folder, path, 16, 16, 0, 0);
      }
    }
  }
}

TEST_CASE("pictures that name no matrix are BT.601, or BT.709 when the options say so") {
  const TempFolder folder;
  ReadOptions hd;
  hd.untaggedMatrix = ReadOptions::UntaggedMatrix::Bt709;
  const std::string untagged = encode(folder, "untagged.mp4", "64x48", 1, kH264);
  const auto tagged = [&](const std::string& name, int code) {
    std::string path = folder / name;
    ffmpeg("-i " + untagged + " -c copy -bsf:v h264_metadata=matrix_coefficients=" + std::to_string(code) + " " + path);
    return path;
  };
  const Pixels sd = read(tagged("601.mp4", 6), consecutive(1)).slots[0];
  const Pixels wide = read(tagged("709.mp4", 1), consecutive(1)).slots[0];
  CHECK(difference(sd, wide) > 5);
  CHECK(read(untagged, consecutive(1)).slots[0] == sd);
  CHECK(read(untagged, consecutive(1), hd).slots[0] == wide);
  CHECK(read(folder / "601.mp4", consecutive(1), hd).slots[0] == sd);
  CHECK(read(folder / "709.mp4", consecutive(1)).slots[0] == wide);

  // RGB has no matrix, scaled or not, with a palette or not.
  for (const std::string encoding :
       {"-c:v ffv1 -pix_fmt bgr0", "-vf setsar=4/3 -c:v ffv1 -pix_fmt bgr0", "-vf setsar=4/3 -c:v ffv1 -pix_fmt gbrp10",
        "-vf setsar=4/3 -c:v png -pix_fmt pal8"}) {
    CAPTURE(encoding);
    const std::string path = encode(folder, "rgb.mkv", "64x48", 1, encoding);
    CHECK(read(path, consecutive(1), hd).slots[0] == read(path, consecutive(1)).slots[0]);
  }
}

TEST_CASE("transparent pictures lie on black") {
  const TempFolder folder;
  const std::string transparent =
      "-vf \"trim=end_frame=2,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='mod(X*5+Y*3,256)'";
  const std::string palette =
      ",split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse=alpha_threshold=128";
  const std::vector<std::pair<std::string, std::string>> encodings = {
      {"prores.mov", "\" -c:v prores_ks -profile:v 4 -pix_fmt yuva444p10"},
      {"ffv1-420.mkv", "\" -c:v ffv1 -pix_fmt yuva420p"},
      {"ffv1-rgb.mkv", "\" -c:v ffv1 -pix_fmt bgra"},
      {"ffv1-rgb-10.mkv", "\" -c:v ffv1 -pix_fmt gbrap10"},
      {"png.mov", "\" -c:v png -pix_fmt rgba"},
      {"png-64.mov", "\" -c:v png -pix_fmt rgba64be"},
      {"png-gray.mov", "\" -c:v png -pix_fmt ya8"},
      {"animation.apng", "\" -c:v apng -f apng -pix_fmt rgba"},
      {"animation.gif", palette + "\" -c:v gif"},
      {"palette.mov", palette + "\" -c:v png -pix_fmt pal8"},
  };
  for (const auto& [name, encoding] : encodings) {
    CAPTURE(name);
    const std::string path = encode(folder, name, "64x48", 2, transparent + encoding);
    checkAgainstFfmpeg(folder, path, 64, 48, 0.5, 2, "format=rgba,format=gbrap,premultiply=inplace=1,format=gbrp");
    // Dropping alpha, as plain conversion to RGB does, would be seen.
    const Pixels dropped = ffmpegFrames(folder, path, 64, 48)[0];
    const bool visible = name.find(".gif") == std::string::npos && name.find("palette") == std::string::npos;
    if (visible) CHECK(meanDifference(read(path, consecutive(1)).slots[0], dropped) > 10);
  }
  // Three known pixels: opaque, half and wholly transparent white.
  const std::string known = encode(folder, "known.mkv", "64x48", 1,
                                   "-vf \"format=rgba,geq=r=255:g=255:b=255:a='if(lt(X,1),255,if(lt(X,2),128,0))'\" "
                                   "-c:v ffv1 -pix_fmt bgra");
  const Pixels pixels = read(known, consecutive(1)).slots[0];
  CHECK(pixels[0] == 255);
  CHECK(pixels[3] == 128);
  CHECK(pixels[6] == 0);
}

/// Six frames at the beginning of an MPEG-TS stream, and six that go on from there.
std::string join(const TempFolder& folder, const std::string& size, const std::string& encoding) {
  const std::string first = encode(folder, "first.ts", "64x48", 6, kH264);
  const std::string second = encode(folder, "second.ts", size, 6, encoding + " -output_ts_offset 0.24");
  std::string path = folder / "joined.ts";
  write(path, contents(first) + contents(second));
  return path;
}

TEST_CASE("a change in mid-stream of size, pixel format, pixel shape or orientation") {
  const TempFolder folder;
  struct Case {
    std::string name;
    std::string size;
    std::string encoding;
    std::string filter;
    int most;
    bool sizeChanges;
  };
  const std::string deep = "-c:v libx264 -preset veryfast -g 12 -bf 0 -pix_fmt ";
  const std::vector<Case> cases = {
      {"pixel format", "64x48", deep + "yuv444p", "null", 0, false},
      {"depth", "64x48", deep + "yuv422p10", "null", 0, false},
      {"size", "128x96", kH264, "null", 3, true},
      {"size and pixel format", "128x96", deep + "yuv422p10", "null", 4, true},
      {"pixel shape", "64x48", std::string("-vf setsar=4/3 ") + kH264, "scale=64:48", 3, true},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const std::string path = join(folder, one.size, one.encoding);
    checkAgainstFfmpeg(folder, path, 64, 48, 0.5, one.most, one.filter);
    const std::vector<std::string> warnings = read(path, consecutive(12)).info.warnings;
    CHECK(warnings.size() == (one.sizeChanges ? 1 : 0));
  }
}

TEST_CASE("a frame's own display matrix turns that frame") {
  const TempFolder folder;
  const std::string path =
      join(folder, "64x48", std::string(kH264) + " -bsf:v h264_metadata=display_orientation=insert:rotate=180");
  const Clip clip = read(path, consecutive(12));
  // The bitstream filter writes it before the first picture only.
  Pixels turned = read(folder / "second.ts", consecutive(2)).slots[0];
  CHECK(difference(clip.slots[6], turned) == 0);
  std::vector<Pixels> plain = ffmpegFrames(folder, folder / "first.ts", 64, 48);
  for (std::size_t pixel = 0; pixel < turned.size() / 6; ++pixel) {
    std::swap_ranges(turned.begin() + static_cast<std::ptrdiff_t>(3 * pixel),
                     turned.begin() + static_cast<std::ptrdiff_t>(3 * pixel + 3),
                     turned.end() - static_cast<std::ptrdiff_t>(3 * pixel + 3));
  }
  CHECK(meanDifference(turned, plain[0]) < 1);
  CHECK(meanDifference(clip.slots[6], plain[0]) > 10);
}

}  // namespace
}  // namespace tubelet::video::test
