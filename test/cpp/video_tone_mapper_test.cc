#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

/// The usual chain of the ffmpeg program, to RGB of 8 bits without a detour over YCbCr.
constexpr const char* kChain =
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0:peak=10,"
    "zscale=t=bt709:r=pc,format=gbrp";

std::string tags(const std::string& transfer, const std::string& primaries = "bt2020") {
  return " -color_trc " + transfer + " -color_primaries " + primaries + " -colorspace bt2020nc -color_range tv";
}

void checkToneMapped(const TempFolder& folder, const std::string& path, double mean, int most) {
  const std::vector<Pixels> reference = ffmpegFrames(folder, path, 160, 96, "v:0", kChain);
  const Clip clip = read(path, consecutive(static_cast<int>(reference.size())));
  CHECK(clip.info.toneMapped);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CAPTURE(i);
    CHECK(meanDifference(clip.slots[i], reference[i]) <= mean);
    CHECK(difference(clip.slots[i], reference[i]) <= most);
  }
}

TEST_CASE("PQ and HLG are brought to the standard range as the ffmpeg program's usual chain does it") {
  const TempFolder folder;
  for (const std::string transfer : {"smpte2084", "arib-std-b67"}) {
    for (const std::string format : {"yuv444p10", "yuv444p12", "yuv422p10", "yuv420p10"}) {
      for (const std::string primaries : {"bt2020", "bt709", "smpte432"}) {
        CAPTURE(transfer);
        CAPTURE(format);
        CAPTURE(primaries);
        const std::string path =
            encode(folder, "hdr.mkv", "160x96", 2, "-vf scale=out_color_matrix=bt2020 -c:v ffv1 -pix_fmt " + format + tags(transfer, primaries));
        checkToneMapped(folder, path, 1, 3);
      }
    }
  }
}

}  // namespace
}  // namespace tubelet::video::test
