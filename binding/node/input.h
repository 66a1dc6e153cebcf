#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "engine/cancellation.h"
#include "model/pictures/size.h"
#include "model/views.h"
#include "video/common/clip.h"
#include "video/container/source.h"
#include "video/reading/raw_frames.h"
#include "video/selection/windows.h"

namespace tubelet::node {

/// What a call reads, and how. Plain C++, filled on the environment's thread and used on the engine's. Bytes and frames
/// are not copied: they are where JavaScript has them, and the task keeps them there.

struct FileInput {
  std::string path;
  std::string name;  ///< how messages call it
};

struct BytesInput {
  std::span<const std::uint8_t> bytes;
  std::string name;
};

using Input = std::variant<FileInput, BytesInput, video::RawFrames>;

struct ClipRequest {
  Input input;
  video::Sampling sampling;
  video::ReadOptions read;
  std::optional<model::Size> stretch = {};  ///< every frame to this size first, as OpenCV does
  std::optional<model::Views> views = {};   ///< with Sampling::Mode::Protocol
};

/// Throws like the sources' constructors, and Error(INVALID_ARGUMENT) for raw frames: they come from no container.
std::unique_ptr<video::Source> openSource(const Input& input, const video::Limits& limits);

/// Reads a clip from whatever it is in. Throws like video::readClip and video::readRawFrames.
video::ClipInfo readInput(const ClipRequest& request, video::FrameSink& sink, const CancelToken& token);

/// `request` and `token` must outlive what it returns. Throws like video::WindowReader.
std::unique_ptr<video::WindowClips> openWindows(const ClipRequest& request, const video::Windows& windows,
                                                const CancelToken& token);

}  // namespace tubelet::node
