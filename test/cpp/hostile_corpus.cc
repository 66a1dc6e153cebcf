#include "hostile_corpus.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tubelet::video::test {
namespace {

bool holds(const std::vector<std::string>& codes, const std::string& code) {
  return std::ranges::find(codes, code) != codes.end();
}

/// "mov: 1001 tracks" as a file name.
std::string fileName(std::size_t number, std::string name) {
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
  return std::to_string(number) + "-" + name;
}

}  // namespace

bool HostileFile::allows(const std::string& code) const {
  return holds(codes, code);
}

bool HostileFile::probeAllows(const std::string& code) const {
  static constexpr std::array kNoVideo = {"NOT_A_VIDEO", "NO_VIDEO_STREAM", "FILE_NOT_FOUND", "READ_FAILED"};
  const bool isNone = codes.size() == 1 && std::ranges::find(kNoVideo, codes.front()) != kNoVideo.end();
  return holds(codes, code) || (code == "none" && !isNone);
}

HostileCorpus::HostileCorpus(std::filesystem::path folder) : folder_(std::move(folder)) {
  const std::string pattern = "-f lavfi -i testsrc2=size=64x48:rate=25 ";
  jpeg_ = made("picture.jpg", pattern + "-frames:v 1 -c:v mjpeg");
  png_ = made("picture.png", pattern + "-frames:v 1");
  mp4_ = made("sound.mp4", pattern + "-frames:v 30 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -bf 2");

  addIrregularFiles();
  addProtocolNames();
  addOtherFormats();
  addPlaylists();
  addSoundAndCovers();
  addUnsupported();
  addMovieTables();
  addMovieBoxes();
  addMovieReferences();
  addMovieSizes();
  addFragments();
  addMatroska();
  addMatroskaBlocks();
  addMatroskaOfOpenSize();
  addTransportStreams();
  addProgramStreams();
  addFlv();
  addOgg();
  addAvi();
  addGifs();
  addPngs();
  addLyingPictures();
}

void HostileCorpus::add(const std::string& name, const std::string& bytes, std::vector<std::string> codes) {
  const std::string path = (folder_ / fileName(files_.size(), name)).string();
  write(path, bytes);
  addPath(name, path, std::move(codes));
}

void HostileCorpus::addPath(const std::string& name, const std::string& path, std::vector<std::string> codes) {
  files_.push_back({name, path, std::move(codes)});
}

std::string HostileCorpus::made(const std::string& name, const std::string& arguments) const {
  const std::string path = scratch_ / name;
  ffmpeg(arguments + " " + path);
  return contents(path);
}

}  // namespace tubelet::video::test
