#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

namespace tubelet::model {

/// How a frame becomes a model's pixels: the numbers of a Hugging Face preprocessor configuration.
struct Preprocessing {
  enum class Resize {
    None,
    ShortestEdge,  ///< short side to `resizeHeight`, aspect ratio kept
    Exact,         ///< to resizeHeight x resizeWidth
  };
  enum class Interpolation { Nearest, Bilinear, Bicubic };

  Resize resize = Resize::ShortestEdge;
  int resizeHeight = 224;
  int resizeWidth = 224;
  Interpolation interpolation = Interpolation::Bilinear;
  bool antialias = true;
  int cropHeight = 224;  ///< 0: no centre crop
  int cropWidth = 224;
  bool padFrontMore = false;  ///< the odd row or column of a border in front, not behind (ViViT's image processor)
  double rescaleFactor = 1.0 / 255;  ///< 1: no rescaling
  bool offset = false;               ///< subtract 1 after rescaling (ViViT's processor)
  bool normalize = true;
  std::array<double, 3> mean{};
  std::array<double, 3> std{1, 1, 1};
};

/// The type that the linear layers multiply in; all else is float32 in both.
enum class Precision { Fp32, Bf16 };

/// The order of the axes that a program takes its pixels in; clips always come first. T frames, C channels, H height,
/// W width.
enum class Layout { TCHW, CTHW };

/// Everything needed to load one checkpoint. Made by TypeScript from config.json, or from what is known of a
/// TorchScript file.
struct ModelSpec {
  enum class Format {
    Safetensors,
    PytorchBin,
    TorchScript,  ///< one file that holds a program with its weights, perhaps a third party's
  };

  std::string key;          ///< equal keys mean the same weights: in memory once per process and device
  std::string programPath;  ///< the weight-free TorchScript program of the family; empty for a third-party program
  Format format = Format::Safetensors;
  std::vector<std::string> weightFiles;  ///< one, or the shards
  std::vector<std::string> identities;   ///< which files these are (File::identity); empty: any
  std::map<std::string, double> config;  ///< the numeric fields of config.json (models/programs/README.md)
  int frames = 16;                       ///< frames per clip
  int height = 224;                      ///< pixels of what the model takes
  int width = 224;
  Layout layout = Layout::TCHW;  ///< a TorchScript file's; the package's own programs know one only
  std::string device = "cpu";    ///< as resolveDevice makes it
  Precision precision = Precision::Fp32;
};

}  // namespace tubelet::model
