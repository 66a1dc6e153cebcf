#include "video/pictures/tone_mapper.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace tubelet::video {
namespace {

constexpr double kWhite = 100;  // cd/m2 that become 1
constexpr float kPeak = 10;     // 1000 cd/m2 become the brightest that is shown
constexpr std::size_t kLevels = 1 << 16;

/// Rec. ITU-R BT.2100, table 4: cd/m2 of a PQ signal.
double pq(double signal) {
  constexpr double kM1 = 2610.0 / 16384;
  constexpr double kM2 = 2523.0 / 4096 * 128;
  constexpr double kC1 = 3424.0 / 4096;
  constexpr double kC2 = 2413.0 / 4096 * 32;
  constexpr double kC3 = 2392.0 / 4096 * 32;
  const double power = std::pow(signal, 1 / kM2);
  return 10000 * std::pow(std::max(power - kC1, 0.0) / (kC2 - kC3 * power), 1 / kM1);
}

/// Rec. ITU-R BT.2100, table 5: cd/m2 of an HLG signal on a screen of 1000 cd/m2. The system gamma of 1.2 is applied to
/// each colour, as zimg does it, and not to the luminance.
double hlg(double signal) {
  constexpr double kA = 0.17883277;
  constexpr double kB = 1 - 4 * kA;
  constexpr double kC = 0.55991073;
  const double scene = signal <= 0.5 ? signal * signal / 3 : (std::exp((signal - kC) / kA) + kB) / 12;
  return 1000 * std::pow(scene, 1.2);
}

std::vector<float> tabulate(double (*toLight)(double)) {
  std::vector<float> table(kLevels);
  for (std::size_t level = 0; level < kLevels; ++level) {
    table[level] = static_cast<float>(toLight(static_cast<double>(level) / (kLevels - 1)) / kWhite);
  }
  return table;
}

std::span<const float> lightOf(AVColorTransferCharacteristic transfer) {
  static const std::vector<float> kPq = tabulate(pq);
  static const std::vector<float> kHlg = tabulate(hlg);
  return transfer == AVCOL_TRC_SMPTE2084 ? kPq : kHlg;
}

/// John Hable's filmic curve, as in libavfilter's tonemap=hable.
float hable(float light) {
  constexpr float kShoulder = 0.15F;
  constexpr float kLinear = 0.50F;
  constexpr float kAngle = 0.10F;
  constexpr float kToe = 0.20F;
  constexpr float kToeNumerator = 0.02F;
  constexpr float kToeDenominator = 0.30F;
  return (light * (light * kShoulder + kAngle * kLinear) + kToe * kToeNumerator) /
             (light * (light * kShoulder + kLinear) + kToe * kToeDenominator) -
         kToeNumerator / kToeDenominator;
}

/// The level that makes a BT.1886 screen (gamma 2.4) give off `light` of 1. Indexed by the root of the light, in which
/// the curve is nowhere steep, so that a short table is exact to a thirtieth of a level.
std::uint8_t levelOf(float light) {
  constexpr std::size_t kSteps = 4096;
  static const std::array<std::uint8_t, kSteps> kTable = [] {
    std::array<std::uint8_t, kSteps> table{};
    for (std::size_t i = 0; i < kSteps; ++i) {
      const double root = std::min((static_cast<double>(i) + 0.5) / (kSteps - 1), 1.0);
      table[i] = static_cast<std::uint8_t>(std::lround(255 * std::pow(root, 2 / 2.4)));
    }
    return table;
  }();
  const float root = std::sqrt(std::clamp(light, 0.0F, 1.0F));
  return kTable[static_cast<std::size_t>(root * (kSteps - 1))];
}

}  // namespace

bool ToneMapper::needed(const AVFrame& frame) {
  return frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
}

ToneMapper::ToneMapper(const AVFrame& frame)
    : linear_(lightOf(frame.color_trc)),
      wide_(frame.color_primaries == AVCOL_PRI_BT2020 || frame.color_primaries == AVCOL_PRI_UNSPECIFIED) {}

void ToneMapper::map(const std::uint16_t* from, std::uint8_t* to, std::size_t pixels, std::size_t channels) const {
  const float full = hable(kPeak);
  for (std::size_t i = 0; i < pixels; ++i, from += channels, to += channels) {
    float red = linear_[from[0]];
    float green = linear_[from[1]];
    float blue = linear_[from[2]];
    if (wide_) {
      // Rec. ITU-R BT.2407, 2.2.
      const float wideRed = red;
      const float wideGreen = green;
      const float wideBlue = blue;
      red = 1.660491F * wideRed - 0.587641F * wideGreen - 0.072850F * wideBlue;
      green = -0.124550F * wideRed + 1.132900F * wideGreen - 0.008349F * wideBlue;
      blue = -0.018151F * wideRed - 0.100579F * wideGreen + 1.118730F * wideBlue;
    }
    // The brightest colour decides for all three, so that the hue stays.
    const float brightest = std::max({red, green, blue, 1e-6F});
    const float scale = hable(brightest) / full / brightest;
    if (channels == 4) to[3] = static_cast<std::uint8_t>(from[3] >> 8);
    to[0] = levelOf(red * scale);
    to[1] = levelOf(green * scale);
    to[2] = levelOf(blue * scale);
  }
}

}  // namespace tubelet::video
