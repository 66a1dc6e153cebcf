#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "video/common/clip.h"
#include "video/container/source.h"

namespace tubelet::video {

struct StreamInfo {
  int index = 0;
  std::string type;   ///< "video", "audio", "subtitle", "data", "attachment" or "other"
  std::string codec;  ///< libav's short name, e.g. "h264"
  bool isDefault = false;
  bool attachedPicture = false;
};

/// What the headers say; nothing is decoded and nothing here is trusted by the readers. Sizes in pixels as shown (after
/// rotation, sample aspect ratio and cropping), times in seconds.
struct VideoInfo {
  std::string container;  ///< libav's short name, e.g. "mov,mp4,m4a,3gp,3g2,mj2"
  std::string codec;
  std::string pixelFormat;
  int streamIndex = 0;  ///< the stream that classify, embed and readFrames read
  int width = 0;
  int height = 0;
  int codedWidth = 0;
  int codedHeight = 0;
  int rotation = 0;  ///< degrees clockwise to turn the picture upright: 0, 90, 180 or 270
  bool mirrored = false;
  double sampleAspectRatio = 1;
  std::optional<double> fps;       ///< average frame rate
  std::optional<double> duration;  ///< of the video stream, else of the container
  std::string colorMatrix;         ///< libav's names: "bt709", "smpte170m", "unknown" ...
  std::string colorRange;          ///< "tv", "pc" or "unknown"
  std::string colorPrimaries;
  std::string colorTransfer;
  std::int64_t bytes = 0;
  std::vector<StreamInfo> streams;
};

/// Throws like readClip.
VideoInfo probe(Source& source, const ReadOptions& options, const CancelToken& token);

}  // namespace tubelet::video
