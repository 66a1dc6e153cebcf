#include "node/versions.h"

#include <ATen/Version.h>

#include <fstream>
#include <string_view>

#include "video/common/version.h"

namespace tubelet::node {
namespace {

constexpr const char* kUnknown = "unknown";

/// LibTorch's version at run time is found only among its build settings, "..., TORCH_VERSION=2.13.0, ...".
std::string torchVersion() {
  constexpr std::string_view kKey = "TORCH_VERSION=";
  const std::string settings = at::show_config();
  const auto start = settings.find(kKey);
  if (start == std::string::npos) return kUnknown;
  const auto first = start + kKey.size();
  return settings.substr(first, settings.find_first_of(", \n", first) - first);
}

std::string cpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return kUnknown;
}

}  // namespace

Versions versions() {
  const auto libav = video::libavVersions();
  return {.torch = torchVersion(), .libavformat = libav.format, .libavcodec = libav.codec, .cpu = cpuName()};
}

}  // namespace tubelet::node
