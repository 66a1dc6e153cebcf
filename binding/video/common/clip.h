#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tubelet::video {

/// What a reader may spend on one file. Every limit is finite by default; a caller may raise it. Wall time is limited
/// by the CancelToken's timeout.
struct Limits {
  std::int64_t bytes = 16LL << 30;        ///< size of the file
  std::int64_t pixels = 8192LL * 8192LL;  ///< width x height of a frame
  std::int64_t frames = 1'000'000;        ///< frames walked (scanned or decoded), not returned
  int streams = 100;                      ///< streams in the container
};

/// How a file is read, whatever is taken from it.
struct ReadOptions {
  enum class OnCorrupt {
    Error,     ///< damage in the part that was asked for is CORRUPT_VIDEO or TRUNCATED_VIDEO
    Tolerate,  ///< what could be decoded, with a warning for each damage
  };
  /// The YCbCr matrix assumed for a picture that names none.
  enum class UntaggedMatrix { Bt601, Bt709 };

  Limits limits;
  /// The stream to read, by its number in the container; none: the one that the ffmpeg program would pick.
  std::optional<int> stream = {};
  OnCorrupt onCorrupt = OnCorrupt::Error;
  UntaggedMatrix untaggedMatrix = UntaggedMatrix::Bt601;  ///< as the ffmpeg program takes it
};

/// Which frames of a video make up the clip that a model sees. See docs/sampling.md.
struct Sampling {
  enum class Mode {
    Trained,      ///< `frames` frames `interval` seconds apart, centred; tighter when the video is shorter
    Spread,       ///< `frames` frames spread evenly over the whole video (the default of transformers 5)
    Consecutive,  ///< the first `frames` frames
    Timestamps,   ///< the frames on screen at `timestamps`
    Indices,      ///< the frames numbered `indices`
    Protocol,     ///< the clips of a published test protocol
  };
  /// How each paper's own code places its test clips in a video.
  enum class Protocol {
    VideoMae,         ///< on a grid of every `stride`-th frame
    VideoMaeEven,     ///< spread over the whole video, interleaved
    TimeSformer,      ///< from the first frame on
    TimeSformerEven,  ///< the middles of equal segments
    Vivit,            ///< windows at equal distances, in a video that starts over when it ends
  };
  /// How a video with too few frames is padded.
  enum class Padding { RepeatLast, Loop };

  Mode mode = Mode::Spread;
  int frames = 16;      ///< slots of a clip; with Timestamps and Indices as many as are listed
  double interval = 0;  ///< seconds; Trained only
  Padding padding = Padding::RepeatLast;
  std::vector<double> timestamps = {};  ///< seconds from the start of the presentation, in any order; Timestamps only
  std::vector<std::int64_t> indices = {};  ///< from 0 at the start of the presentation, in any order; Indices only
  Protocol protocol = Protocol::VideoMae;  ///< Protocol only, as what follows
  int clips = 1;                           ///< of `frames` slots each, one after the other
  double stride = 1;  ///< frames between two slots, in a video of `fps` a second; not for the even protocols
  double fps = 30;
  /// The part of the video to sample, in seconds from the start of the presentation: the frames on screen from `start`
  /// on and before `end`. Timestamps and Indices count from the start of the presentation regardless.
  double start = 0;
  std::optional<double> end = {};  ///< none: the end of the video
};

/// One upright RGB picture, rows packed (stride = 3 * width). Valid only during the call that hands it over.
struct Picture {
  const std::uint8_t* rgb;
  int width;
  int height;
  bool toneMapped = false;  ///< its high dynamic range (PQ or HLG) was mapped to the standard range
  bool rescaled = false;    ///< it was scaled to the size of its clip's first picture
};

/// Takes the frames of a clip one by one, as soon as each is decoded, so that no more than one full-size frame needs to
/// be in memory. Called on the thread that reads, in presentation order.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// `slots`: the places in the clip, 0-based, that this frame fills; several when frames repeat.
  virtual void frame(std::span<const int> slots, const Picture& picture) = 0;
};

/// What was actually read. Times in seconds from the start of the presentation.
struct ClipInfo {
  std::vector<double> timestamps;  ///< one per slot: the pts of the frame that fills it
  double start = 0;                ///< pts of the first frame used
  double end = 0;                  ///< end (pts + duration) of the last frame used
  bool repeated = false;           ///< a frame fills more than one slot of a clip
  bool tooShort = false;           ///< the video, or the part of it to sample, is shorter than the clip should be
  bool toneMapped = false;         ///< a picture of high dynamic range (PQ or HLG) was mapped to the standard range
  std::vector<std::string> warnings;
};

}  // namespace tubelet::video
