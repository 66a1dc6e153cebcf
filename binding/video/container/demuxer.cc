#include "video/container/demuxer.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "engine/error.h"
#include "video/common/allowlist.h"
#include "video/common/log.h"
#include "video/container/movie_tables.h"
#include "video/container/truncation.h"

namespace tubelet::video {
namespace {

/// Some demuxers would open further files. None may.
int refuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EACCES);
}

/// The ffmpeg program's rule for its default stream (fftools, map_auto_video): most pixels, with large bonuses for
/// streams whose packets were seen and for those marked as default; ties go to the first.
std::int64_t score(const AVStream& stream) {
  std::int64_t points = std::int64_t{stream.codecpar->width} * stream.codecpar->height;
  if (stream.event_flags & AVSTREAM_EVENT_FLAG_NEW_PACKETS) points += 100'000'000;
  if (stream.disposition & AV_DISPOSITION_DEFAULT) points += 5'000'000;
  return points;
}

/// Times are added and subtracted everywhere; libav hands out whatever a file says.
bool isBeyondAnyClock(std::int64_t time) {
  constexpr std::int64_t kMost = std::int64_t{1} << 61;
  return time != AV_NOPTS_VALUE && (time < -kMost || time > kMost);
}

/// libav also returns ENOMEM when it refuses a size, such as a frame's in a damaged table. Nothing in a file is larger
/// than the file: where all of it fits into memory, memory was not the problem.
bool isOutOfMemory(int averror, const Source& source) {
  if (averror != AVERROR(ENOMEM)) return false;
  const auto bytes = static_cast<std::size_t>(std::min<std::int64_t>(source.size(), INT32_MAX / 2));
  return !std::unique_ptr<void, FreeByPointer<av_free>>(av_malloc(bytes));
}

}  // namespace

Demuxer::Demuxer(Source& source, const ReadOptions& options, const CancelToken& token, Detail detail)
    : source_(source), options_(options), limits_(options.limits), token_(token), io_(source, token) {
  captureLog();
  clearLog();
  token.check();
  open(recognise());
  checkStreamCount();
  checkClaimedPixels();
  if (detail == Detail::Full || !headerSuffices()) findStreamParameters();
  checkStreamCount();
  chooseStream();
  checkPixels(*stream_->codecpar);
  requireIndexedBytes();
}

const AVInputFormat* Demuxer::recognise() {
  const AVInputFormat* found = nullptr;
  // With an empty name the file extension plays no part: only the bytes count.
  const int confidence = av_probe_input_buffer2(io_.context(), &found, "", nullptr, 0, 0);
  io_.rethrow();
  const std::string advice = std::string(" tubelet reads ") + allowedContainersForPeople() + ".";
  if (confidence < 0 || !found) {
    throw Error(ErrorCode::NotAVideo, source_.name() + " is not a video file." + advice, reason(confidence));
  }
  certain_ = confidence > AVPROBE_SCORE_RETRY;
  const std::string container = std::string("'") + found->name + "'";
  switch (containerKind(*found)) {
    case ContainerKind::Allowed:
      return found;
    case ContainerKind::Audio:
      if (!certain_) break;
      throw Error(ErrorCode::NoVideoStream, source_.name() + " is an audio file (" + container + ").");
    case ContainerKind::Unsupported:
      if (!certain_) break;
      throw Error(ErrorCode::UnsupportedVideo,
                  source_.name() + " is in a container that tubelet does not read (" + container + ")." + advice);
    case ContainerKind::NotAVideo:
      break;
  }
  throw Error(ErrorCode::NotAVideo, source_.name() + " is not a video file; it looks like " + container + "." + advice);
}

void Demuxer::open(const AVInputFormat* recognised) {
  if (av_match_list(recognised->name, "mov", ',')) checkMovieTables(source_, limits_, token_);
  AVFormatContext* context = avformat_alloc_context();
  if (!context) throw std::bad_alloc();
  context->pb = io_.context();
  context->interrupt_callback = io_.interrupt();
  context->io_open = refuseToOpen;
  context->max_streams = limits_.streams + 1;  // one more, for checkStreamCount() to detect

  Dictionary options;
  options.set("format_whitelist", allowedDemuxers());
  options.set("codec_whitelist", allowedDecoders());
  options.set("protocol_whitelist", "");
  options.set("enable_drefs", std::int64_t{0});  // mov: sample data in other files
  const int result = avformat_open_input(&context, "", recognised, options.address());  // frees context when it fails
  format_.reset(context);
  if (result < 0) fail("Cannot open", result);
}

/// As soon as the header is read: the search for parameters forgets a size with which it could not open a decoder.
void Demuxer::checkClaimedPixels() const {
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const AVStream& stream = *format_->streams[i];
    const bool isRead =
        options_.stream ? stream.index == *options_.stream : !(stream.disposition & AV_DISPOSITION_ATTACHED_PIC);
    if (isRead && stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO) checkPixels(*stream.codecpar);
  }
}

/// Whether decoding takes no more than the header says, so that libav need not decode the first frames to find out:
/// there is one stream to choose from, the size and rate of its frames are known, and they come in the order of their
/// packets (by how much others are held back, libav guesses from the first ones).
bool Demuxer::headerSuffices() const {
  if (!av_match_list(format_->iformat->name, "mov,matroska", ',')) return false;
  const AVStream* only = nullptr;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const AVStream* stream = format_->streams[i];
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
      continue;
    if (only) return false;
    only = stream;
  }
  if (!only) return false;
  const AVCodecDescriptor* codec = avcodec_descriptor_get(only->codecpar->codec_id);
  return codec && !(codec->props & AV_CODEC_PROP_REORDER) && only->codecpar->width > 0 && only->codecpar->height > 0 &&
         only->avg_frame_rate.num > 0 && only->avg_frame_rate.den > 0;
}

void Demuxer::findStreamParameters() {
  // libav decodes a little to find out what headers leave open; the limit on pixels holds there too. Decoders check the
  // coded size, which is rounded up to whole blocks, hence the allowance.
  constexpr std::int64_t kBlockAllowance = 1 << 20;
  std::vector<AVDictionary*> options(format_->nb_streams, nullptr);
  for (AVDictionary*& option : options) {
    av_dict_set_int(&option, "max_pixels", std::min<std::int64_t>(limits_.pixels, INT32_MAX) + kBlockAllowance, 0);
    // These pictures are never shown: only their parameters are needed.
    av_dict_set(&option, "skip_loop_filter", "all", 0);
    av_dict_set(&option, "skip_idct", "all", 0);
  }
  const int result = avformat_find_stream_info(format_.get(), options.empty() ? nullptr : options.data());
  for (AVDictionary*& option : options) av_dict_free(&option);
  if (result < 0) fail("Cannot find the streams of", result);
  io_.rethrow();
}

void Demuxer::chooseStream() {
  stream_ = options_.stream ? &askedStream(*options_.stream) : &defaultStream();
  for (unsigned i = 0; i < format_->nb_streams; ++i) format_->streams[i]->discard = AVDISCARD_ALL;
  stream_->discard = AVDISCARD_DEFAULT;
}

AVStream& Demuxer::askedStream(int index) const {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::InvalidArgument, source_.name() + " " + what + ". Its streams: " + streamList() + ".");
  };
  const std::string number = std::to_string(index);
  if (index < 0 || static_cast<unsigned>(index) >= format_->nb_streams) refuse("has no stream " + number);
  AVStream& stream = *format_->streams[index];
  if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) refuse("holds no video in stream " + number);
  if (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) refuse("has a cover picture, not a video, in stream " + number);
  return stream;
}

AVStream& Demuxer::defaultStream() const {
  AVStream* best = nullptr;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) continue;
    if (!best || score(*stream) > score(*best)) best = stream;
  }
  if (!best) {
    throw Error(ErrorCode::NoVideoStream,
                source_.name() + " has no video stream among its " + std::to_string(format_->nb_streams) + " streams.");
  }
  return *best;
}

std::string Demuxer::streamList() const {
  std::string list;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const AVStream& stream = *format_->streams[i];
    const char* type = av_get_media_type_string(stream.codecpar->codec_type);
    if (!list.empty()) list += ", ";
    list += std::to_string(i) + " " + (type ? type : "unknown");
    list += std::string(" (") + avcodec_get_name(stream.codecpar->codec_id) + ")";
    if (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) list += " cover picture";
  }
  return list;
}

void Demuxer::checkPixels(const AVCodecParameters& codec) const {
  if (std::int64_t{codec.width} * codec.height <= limits_.pixels) return;
  throw Error(ErrorCode::LimitExceeded, source_.name() + " has frames of " + std::to_string(codec.width) + " x " +
                                            std::to_string(codec.height) + " pixels; the limit is " +
                                            std::to_string(limits_.pixels) + ". Raise the limit `pixels` to read it.");
}

void Demuxer::checkStreamCount() const {
  if (format_->nb_streams <= static_cast<unsigned>(limits_.streams)) return;
  throw Error(ErrorCode::LimitExceeded, source_.name() + " has more than " + std::to_string(limits_.streams) +
                                            " streams. Raise the limit `streams` to read it.");
}

/// An MP4's index is complete once it is open, and says where each sample lies.
void Demuxer::requireIndexedBytes() {
  if (!av_match_list(format_->iformat->name, "mov", ',')) return;
  std::int64_t end = 0;
  const int count = avformat_index_get_entries_count(stream_);
  for (int i = 0; i < count; ++i) {
    const AVIndexEntry* entry = avformat_index_get_entry(stream_, i);
    end = std::max(end, entry->pos + entry->size);
  }
  if (end <= source_.size()) return;
  const std::string damage = source_.name() + " was cut short: its frames should continue for " +
                             std::to_string(end - source_.size()) + " more bytes.";
  if (!tolerated(damage)) throw Error(ErrorCode::TruncatedVideo, damage + " Copy or download it again.");
}

void Demuxer::requireWhole() {
  if (!warnings_.empty()) return;  // the truncation has been reported already
  const auto missing = missingBytes(source_, token_);
  if (!missing) return;
  const std::string damage = source_.name() + " was cut short; " + *missing + ".";
  if (!tolerated(damage)) throw Error(ErrorCode::TruncatedVideo, damage + " Copy or download it again.");
}

bool Demuxer::tolerated(const std::string& damage) {
  if (options_.onCorrupt != ReadOptions::OnCorrupt::Tolerate) return false;
  warnings_.push_back(damage);
  return true;
}

bool Demuxer::seek(std::int64_t timestamp) {
  token_.check();
  const int result = av_seek_frame(format_.get(), stream_->index, timestamp, AVSEEK_FLAG_BACKWARD);
  io_.rethrow();
  return result >= 0;
}

bool Demuxer::read(AVPacket& packet) {
  while (true) {
    token_.check();
    av_packet_unref(&packet);
    const int result = av_read_frame(format_.get(), &packet);
    io_.rethrow();
    if (result == AVERROR_EOF) return false;
    if (result == AVERROR(EAGAIN)) continue;
    if (result < 0 && !isOutOfMemory(result, source_)) {
      if (!warnings_.empty()) return false;  // the file is known to be cut short already
      if (tolerated(source_.name() + " cannot be read further: " + reason(result) + ".")) return false;
    }
    if (result < 0) fail("Cannot read the frames of", result);
    checkStreamCount();  // MPEG streams announce new ones at any time
    if (packet.stream_index != stream_->index) continue;
    if (av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr)) {
      throw Error(ErrorCode::UnsupportedVideo, source_.name() + " is encrypted.");
    }
    if (isBeyondAnyClock(packet.pts) || isBeyondAnyClock(packet.dts)) {
      throw Error(ErrorCode::CorruptVideo, source_.name() + " is damaged: a frame's timestamp is out of range.");
    }
    if (isBeyondAnyClock(packet.duration)) packet.duration = 0;
    return true;
  }
}

void Demuxer::fail(const std::string& attempt, int averror) const {
  io_.rethrow();
  const std::string what = attempt + " " + source_.name();
  const std::string why = reason(averror);
  // The only trace of this limit: libav itself returns ENOMEM.
  if (why.find("max_streams") != std::string::npos) {
    throw Error(
        ErrorCode::LimitExceeded,
        what + ": more than " + std::to_string(limits_.streams) + " streams. Raise the limit `streams` to read it.",
        why);
  }
  if (isOutOfMemory(averror, source_)) throw Error(ErrorCode::OutOfMemory, what + ": out of memory.", why);
  if (const auto missing = missingBytes(source_, token_)) {
    throw Error(ErrorCode::TruncatedVideo, what + ": it was cut short; " + *missing + ". Copy or download it again.",
                why);
  }
  if (!certain_) throw Error(ErrorCode::NotAVideo, source_.name() + " is not a video file.", why);
  throw Error(ErrorCode::CorruptVideo, what + ": its contents are damaged.", why);
}

}  // namespace tubelet::video
