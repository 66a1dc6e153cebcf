#include "node/input.h"

#include "engine/error.h"
#include "video/reading/raw_windows.h"
#include "video/reading/reader.h"
#include "video/reading/window_reader.h"

namespace tubelet::node {

std::unique_ptr<video::Source> openSource(const Input& input, const video::Limits& limits) {
  if (const auto* file = std::get_if<FileInput>(&input)) {
    return std::make_unique<video::FileSource>(file->path, limits.bytes, file->name);
  }
  if (const auto* memory = std::get_if<BytesInput>(&input)) {
    return std::make_unique<video::MemorySource>(memory->bytes, limits.bytes, memory->name);
  }
  throw Error(ErrorCode::InvalidArgument, "Raw frames have no headers. Give a video file.");
}

video::ClipInfo readInput(const ClipRequest& request, video::FrameSink& sink, const CancelToken& token) {
  if (const auto* frames = std::get_if<video::RawFrames>(&request.input)) {
    return video::readRawFrames(*frames, request.sampling, request.read, sink, token);
  }
  const auto source = openSource(request.input, request.read.limits);
  return video::readClip(*source, request.sampling, request.read, sink, token);
}

std::unique_ptr<video::WindowClips> openWindows(const ClipRequest& request, const video::Windows& windows,
                                                const CancelToken& token) {
  if (const auto* frames = std::get_if<video::RawFrames>(&request.input)) {
    return std::make_unique<video::RawWindows>(*frames, request.sampling, windows, request.read, token);
  }
  return std::make_unique<video::WindowReader>(openSource(request.input, request.read.limits), request.sampling,
                                               windows, request.read, token);
}

}  // namespace tubelet::node
