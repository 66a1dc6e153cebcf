#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

/// The usual chain of the ffmpeg program, to RGB of 8 bits without a detour over YCbCr.
constexpr const char* kChain =
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0:peak=10,"
    "zscale=t=bt709:r=pc,format=gbrp";

/// The filter that says so of the frames: from FFmpeg 7 on, the ffmpeg program's options of that name say nothing.
std::string tags(const std::string& transfer, const std::string& primaries = "bt2020") {
  return "setparams=color_trc=" + transfer + ":color_primaries=" + primaries;
}

constexpr const char* kMatrix = " -colorspace bt2020nc -color_range tv";

/// Levels that a BT.1886 screen shows as less than a hundredth of white's light. The curve is so steep there that the
/// sixteen bits between conversion and tone mapping come to several levels.
constexpr int kDark = 40;

struct Apart {
  double mean = 0;
  int most = 0;      ///< where the reference is not dark
  int mostDark = 0;  ///< elsewhere
};

Apart apart(const TempFolder& folder, const std::string& path) {
  const std::vector<Pixels> reference = ffmpegFrames(folder, path, 160, 96, "v:0", kChain);
  const Clip clip = read(path, consecutive(static_cast<int>(reference.size())));
  CHECK(clip.info.toneMapped);
  Apart result;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    result.mean = std::max(result.mean, meanDifference(clip.slots[i], reference[i]));
    REQUIRE(clip.slots[i].size() == reference[i].size());
    for (std::size_t k = 0; k < reference[i].size(); ++k) {
      int& most = reference[i][k] < kDark ? result.mostDark : result.most;
      most = std::max(most, std::abs(int{clip.slots[i][k]} - int{reference[i][k]}));
    }
  }
  return result;
}

TEST_CASE("PQ and HLG are brought to the standard range as the ffmpeg program's usual chain does it") {
  const TempFolder folder;
  // Colours a little less than pure: what is brighter than PQ or HLG can say, as beside the edge of two pure colours,
  // zscale keeps and RGB of integers cuts off.
  const std::string colours = "-vf format=gbrp,lutrgb=r=40+val/2:g=40+val/2:b=40+val/2,scale=out_color_matrix=bt2020,";
  for (const std::string transfer : {"smpte2084", "arib-std-b67"}) {
    for (const std::string format : {"yuv444p10", "yuv444p12", "yuv422p10", "yuv420p10", "gbrp10"}) {
      for (const std::string primaries : {"bt2020", "bt709"}) {
        CAPTURE(transfer);
        CAPTURE(format);
        CAPTURE(primaries);
        std::string encoding = colours;
        encoding.append(tags(transfer, primaries)).append(" -c:v ffv1 -pix_fmt ").append(format).append(kMatrix);
        const Apart result = apart(folder, encode(folder, "hdr.mkv", "160x96", 2, encoding));
        CHECK(result.mean <= 1);
        CHECK(result.most <= 3);
        CHECK(result.mostDark <= 14);
      }
    }
  }
  const std::string hevc = " -c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10";
  const Apart result =
      apart(folder, encode(folder, "hdr.mp4", "160x96", 2, colours + tags("smpte2084") + hevc + kMatrix));
  CHECK(result.mean <= 1);
  CHECK(result.most <= 3);
}

TEST_CASE("pure colours are near the ffmpeg program's as well") {
  const TempFolder folder;
  for (const std::string transfer : {"smpte2084", "arib-std-b67"}) {
    CAPTURE(transfer);
    const std::string path =
        encode(folder, "pure.mkv", "160x96", 2,
               "-vf scale=out_color_matrix=bt2020," + tags(transfer) + " -c:v ffv1 -pix_fmt yuv444p12" + kMatrix);
    CHECK(apart(folder, path).mean <= 1);
  }
}

TEST_CASE("what the tags leave open is BT.2020, and only PQ and HLG are mapped") {
  const TempFolder folder;
  const std::string source = "-c:v ffv1 -color_range tv -vf format=yuv444p10,setparams=";
  const auto pixels = [&](const std::string& options, bool mapped) {
    const Clip clip = read(encode(folder, "tags.mkv", "160x96", 1, source + options), consecutive(1));
    CHECK(clip.info.toneMapped == mapped);
    return clip.slots[0];
  };
  const Pixels tagged = pixels("color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc", true);
  CHECK(pixels("color_trc=smpte2084", true) == tagged);
  CHECK(pixels("color_trc=smpte2084:color_primaries=bt709:colorspace=bt2020nc", true) != tagged);
  CHECK(pixels("color_trc=arib-std-b67", true) != tagged);
  pixels("color_trc=bt709:color_primaries=bt2020:colorspace=bt2020nc", false);
  pixels("color_trc=bt2020-10:color_primaries=bt2020:colorspace=bt2020nc", false);
}

TEST_CASE("transparent pictures of high dynamic range lie on black") {
  const TempFolder folder;
  const std::string path = encode(folder, "alpha.mkv", "64x48", 1,
                                  "-vf \"format=gbrap10,geq=r=700:g=700:b=700:a='if(lt(X,1),1023,if(lt(X,2),512,0))'," +
                                      tags("smpte2084") + "\" -c:v ffv1 -pix_fmt gbrap10");
  const Clip clip = read(path, consecutive(1));
  CHECK(clip.info.toneMapped);
  const Pixels& rgb = clip.slots[0];
  CHECK(rgb[0] > 100);
  CHECK(rgb[3] == doctest::Approx(rgb[0] / 2.0).epsilon(0.02));
  CHECK(rgb[6] == 0);
}

}  // namespace
}  // namespace tubelet::video::test
