#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "video_fixtures.h"

namespace tubelet::video::test {

/// A path to read, and how reading it may end.
struct HostileFile {
  std::string name;                ///< what it is, e.g. "mov: 1001 tracks"
  std::string path;                ///< absolute, or a name that means something to libav
  std::vector<std::string> codes;  ///< the errors that reading it may end with; "none": frames

  bool allows(const std::string& code) const;
  /// The headers may be sound where the frames are not; what is not a video at all is not one for probe either.
  bool probeAllows(const std::string& code) const;
};

/// Writes files that lie, break the rules of their format or are not videos, and says what each may end with: exactly
/// where the code follows from what the file is; where libav's own tolerance decides, all that would be right.
class HostileCorpus {
 public:
  /// `folder` must exist.
  explicit HostileCorpus(std::filesystem::path folder);

  const std::vector<HostileFile>& files() const { return files_; }

 private:
  void add(const std::string& name, const std::string& bytes, std::vector<std::string> codes);
  void addPath(const std::string& name, const std::string& path, std::vector<std::string> codes);
  /// A sound file made by the ffmpeg program, for spoiling. `arguments`: all but the output.
  std::string made(const std::string& name, const std::string& arguments) const;

  void addIrregularFiles();  // hostile_not_video.cc
  void addProtocolNames();
  void addOtherFormats();
  void addPlaylists();
  void addSoundAndCovers();
  void addUnsupported();
  void addMovieTables();  // hostile_mov.cc
  void addMovieBoxes();
  void addMovieReferences();
  void addMovieSizes();
  void addFragments();
  void addMatroska();  // hostile_matroska.cc
  void addMatroskaBlocks();
  void addMatroskaOfOpenSize();
  void addTransportStreams();  // hostile_streams.cc
  void addProgramStreams();
  void addFlv();
  void addOgg();
  void addAvi();
  void addGifs();  // hostile_pictures.cc
  void addPngs();
  void addLyingPictures();

  std::filesystem::path folder_;
  TempFolder scratch_;
  std::string jpeg_;  // a picture of 64 x 48
  std::string png_;
  std::string mp4_;  // H.264, 30 frames
  std::vector<HostileFile> files_;
};

}  // namespace tubelet::video::test
