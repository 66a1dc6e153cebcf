#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "video/common/av1.h"
#include "video/container/demuxer.h"
#include "video/container/source.h"
#include "video/pictures/converter.h"
#include "video/pictures/decoder.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

const std::string kEncodings[] = {"-c:v libaom-av1 -cpu-used 8 -lag-in-frames 19 -g 30",
                                  "-c:v libsvtav1 -preset 10 -g 30 -pix_fmt yuv420p10le"};

/// Every frame that comes out, by its time.
std::map<std::int64_t, Pixels> decoded(const std::string& path, bool skipUnreferenced) {
  const ReadOptions options;
  const CancelToken token;
  FileSource source(path, options.limits.bytes);
  Demuxer demuxer(source, options, token);
  Decoder decoder(demuxer.stream(), options, source.name());
  Converter converter(demuxer, options);
  decoder.skipUnreferenced(skipUnreferenced);

  std::map<std::int64_t, Pixels> frames;
  const auto receive = [&] {
    FramePtr frame(av_frame_alloc());
    while (decoder.receive(*frame) == Decoder::Received::Frame) {
      const Picture picture = converter.convert(*frame);
      const auto bytes = static_cast<std::size_t>(3) * static_cast<std::size_t>(picture.width * picture.height);
      frames[frame->pts] = Pixels(picture.rgb, picture.rgb + bytes);
    }
  };
  const PacketPtr packet(av_packet_alloc());
  while (demuxer.read(*packet)) {
    REQUIRE(decoder.send(packet.get()));
    receive();
  }
  decoder.send(nullptr);
  receive();
  return frames;
}

TEST_CASE("AV1 units that no other refers to are identified, and the others come out the same without them") {
  const TempFolder folder;
  std::size_t leftOut = 0;
  for (const std::string& encoding : kEncodings) {
    CAPTURE(encoding);
    const std::string path = encode(folder, "a.mp4", "160x96", 60, encoding);
    const auto all = decoded(path, false);
    const auto rest = decoded(path, true);
    CHECK(all.size() == 60);
    for (const auto& [time, pixels] : rest) CHECK(all.at(time) == pixels);
    leftOut += all.size() - rest.size();
  }
  CHECK(leftOut >= 8);  // of SVT-AV1's pyramid; libaom refers to every frame here
}

TEST_CASE("AV1 units that are cut short are never taken for unreferenced") {
  const TempFolder folder;
  const ReadOptions options;
  const CancelToken token;
  FileSource source(encode(folder, "a.mp4", "160x96", 30, kEncodings[0]), options.limits.bytes);
  Demuxer demuxer(source, options, token);
  const PacketPtr packet(av_packet_alloc());
  while (demuxer.read(*packet)) {
    const std::vector<std::uint8_t> unit(packet->data, packet->data + packet->size);
    for (std::size_t length = 0; length < unit.size(); ++length) {
      Av1Inspector inspector(*demuxer.stream().codecpar);
      CHECK_FALSE(inspector.unreferenced({unit.data(), length}));
    }
  }
}

}  // namespace
}  // namespace tubelet::video::test
