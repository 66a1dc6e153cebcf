#include "video_fixtures.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "video/reading/reader.h"

namespace tubelet::video::test {
namespace {

class Collector final : public FrameSink {
 public:
  explicit Collector(Clip& clip) : clip_(clip) {}

  void frame(std::span<const int> slots, const Picture& picture) override {
    clip_.width = picture.width;
    clip_.height = picture.height;
    const Pixels pixels(picture.rgb, picture.rgb + std::ptrdiff_t{3} * picture.width * picture.height);
    for (const int slot : slots) clip_.slots.at(static_cast<std::size_t>(slot)) = pixels;
  }

 private:
  Clip& clip_;
};

}  // namespace

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tubelet-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -v error -y " + arguments;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

std::string encode(const TempFolder& folder, const std::string& name, const std::string& size, int frames,
                   const std::string& encoding) {
  std::string path = folder / name;
  ffmpeg("-f lavfi -i testsrc2=size=" + size + ":rate=25 -frames:v " + std::to_string(frames) + " " + encoding + " " +
         path);
  return path;
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Pixels> ffmpegFrames(const TempFolder& folder, const std::string& path, int width, int height,
                                 const std::string& stream, const std::string& filter) {
  const std::string raw = folder / "reference.rgb";
  ffmpeg("-i " + path + " -map 0:" + stream + " -fps_mode passthrough -vf " + filter +
         " -sws_flags bilinear -pix_fmt rgb24 -f rawvideo " + raw);
  const std::string bytes = contents(raw);
  const std::size_t frame = std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (bytes.size() % frame != 0) throw std::runtime_error("frames of another size than expected: " + path);
  std::vector<Pixels> frames;
  for (std::size_t at = 0; at < bytes.size(); at += frame) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    frames.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(frame));
  }
  return frames;
}

Clip read(const std::string& path, const Sampling& sampling, const ReadOptions& options, const CancelToken& token) {
  Clip clip;
  clip.slots.resize(static_cast<std::size_t>(sampling.frames));
  Collector collector(clip);
  FileSource source(path, options.limits.bytes);
  clip.info = readClip(source, sampling, options, collector, token);
  return clip;
}

Sampling consecutive(int frames) {
  return {Sampling::Mode::Consecutive, frames, 0, Sampling::Padding::RepeatLast};
}

Sampling spread(int frames) {
  return {Sampling::Mode::Spread, frames, 0, Sampling::Padding::RepeatLast};
}

Sampling trained(int frames, double interval) {
  return {Sampling::Mode::Trained, frames, interval, Sampling::Padding::RepeatLast};
}

VideoInfo probeFile(const std::string& path, const ReadOptions& options) {
  FileSource source(path, options.limits.bytes);
  return probe(source, options, CancelToken{});
}

int difference(const Pixels& a, const Pixels& b) {
  if (a.size() != b.size()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(int{a[i]} - int{b[i]}));
  return most;
}

double meanDifference(const Pixels& a, const Pixels& b) {
  if (a.size() != b.size() || a.empty()) return 256;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

std::string readCode(const std::string& path, const ReadOptions& options, const Sampling& sampling) {
  try {
    read(path, sampling, options);
  } catch (const Error& error) {
    return codeName(error.code());
  }
  return "none";
}

}  // namespace tubelet::video::test
