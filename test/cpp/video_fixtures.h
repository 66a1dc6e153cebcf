#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "engine/error.h"
#include "video/common/clip.h"
#include "video/container/probe.h"

namespace tubelet::video::test {

/// A folder of its own, gone with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Runs the ffmpeg program; throws when it does not succeed.
void ffmpeg(const std::string& arguments);

/// Encodes a moving test picture into `folder`/`name` and returns its path. `size`: "WxH"; `frames` at 25 a second;
/// `encoding`: options of the ffmpeg program between input and output.
std::string encode(const TempFolder& folder, const std::string& name, const std::string& size, int frames,
                   const std::string& encoding);

void write(const std::string& path, const std::string& bytes);
std::string contents(const std::string& path);

using Pixels = std::vector<std::uint8_t>;

/// Every frame of a stream as the ffmpeg program gives it, upright RGB, with our own scaler's flags. `filter`: for -vf.
std::vector<Pixels> ffmpegFrames(const TempFolder& folder, const std::string& path, int width, int height,
                                 const std::string& stream = "v:0", const std::string& filter = "null");

struct Clip {
  ClipInfo info;
  int width = 0;
  int height = 0;
  std::vector<Pixels> slots;
};

Clip read(const std::string& path, const Sampling& sampling, const ReadOptions& options = {},
          const CancelToken& token = {});

VideoInfo probeFile(const std::string& path, const ReadOptions& options = {});

Sampling consecutive(int frames);
Sampling spread(int frames);
Sampling trained(int frames, double interval);

/// The largest difference between two pictures, in levels of 255; 256 for different sizes.
int difference(const Pixels& a, const Pixels& b);

/// The average difference, in the same units.
double meanDifference(const Pixels& a, const Pixels& b);

/// The code of the Error that reading `path` throws; "none" when it throws none.
std::string readCode(const std::string& path, const ReadOptions& options = {}, const Sampling& sampling = spread(4));

}  // namespace tubelet::video::test
