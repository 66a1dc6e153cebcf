#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "video/common/libav.h"

namespace tubelet::video {

/// Looks at a stream's packets in file order, without decoding, for what the headers of their pictures say: which
/// packets hold single fields, and whether the packets' times agree with the order in which a decoder gives the frames.
/// libav's parsers read the headers.
class PictureOrder {
 public:
  /// Throws std::bad_alloc.
  explicit PictureOrder(const AVCodecParameters& codec);

  enum class Part {
    Frame,        ///< a whole frame, or unknown
    FirstField,   ///< the first field of a frame
    SecondField,  ///< the field that completes the frame whose first field the packet before holds
    OddField      ///< a field whose partner is unknown: only decoding reveals the frames
  };

  /// `shown`: false for a packet whose picture never comes out. `resets`: the order of pictures restarts here.
  Part add(const AVPacket& packet, bool shown, bool resets);

  /// Whether some frame's time is not later than that of a frame that the decoder gives before it. Call after the last
  /// packet.
  bool contradicted();

 private:
  /// How a codec signals the order in which its frames are shown.
  enum class Rule {
    Counted,   ///< by a number with each picture: H.264, HEVC
    Held,      ///< B pictures at once, others when the next of them comes: MPEG-1, 2 and 4
    AsStored,  ///< these codecs do not change the order
  };
  static Rule ruleOf(AVCodecID codec);

  struct Coded {
    int count;
    std::int64_t pts;
  };

  Part partOf(int structure, int count);
  void note(std::int64_t pts, int count);
  void show(std::int64_t pts);
  void flush();

  Rule rule_;
  ParserPtr parser_;
  CodecContextPtr context_;
  std::vector<Coded> counted_;        // since the order restarted
  std::optional<std::int64_t> held_;  // the time of the picture that waits for the next non-B picture
  std::int64_t last_ = INT64_MIN;     // the time of the last frame in the decoder's order
  bool contradicted_ = false;

  struct Field {
    int structure;
    int count;
  };
  std::optional<Field> first_;  // the packet before held the first field of a frame
};

}  // namespace tubelet::video
