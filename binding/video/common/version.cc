#include "video/common/version.h"

#include "video/common/libav.h"

namespace tubelet::video {
namespace {

std::string text(unsigned version) {
  return std::to_string(AV_VERSION_MAJOR(version)) + "." + std::to_string(AV_VERSION_MINOR(version)) + "." +
         std::to_string(AV_VERSION_MICRO(version));
}

}  // namespace

LibavVersions libavVersions() {
  return {text(avformat_version()), text(avcodec_version())};
}

}  // namespace tubelet::video
