#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "video/container/probe.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kH264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

std::string probeCode(const std::string& path) {
  try {
    probeFile(path);
  } catch (const Error& error) {
    return codeName(error.code());
  }
  return "none";
}

TEST_CASE("what is not a readable file is refused at once") {
  const TempFolder folder;
  CHECK(readCode(folder / "missing.mp4") == "FILE_NOT_FOUND");
  CHECK(readCode(folder / "missing/clip.mp4") == "FILE_NOT_FOUND");
  CHECK(readCode(folder / ".") == "READ_FAILED");
  CHECK(readCode("/dev/zero") == "READ_FAILED");
  CHECK(readCode("") == "INVALID_ARGUMENT");
  CHECK(readCode(std::string("a\0b", 3)) == "INVALID_ARGUMENT");

  const std::string fifo = folder / "fifo.mp4";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const auto start = Clock::now();
  CHECK(readCode(fifo) == "READ_FAILED");
  CHECK(Clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("names that mean a protocol to libav are only names") {
  const TempFolder folder;
  const std::string video = encode(folder, "video.mp4", "64x48", 3, kH264);
  for (const std::string& name :
       {"file:" + video, "concat:" + video, "subfile,,start,0,end,0,,:" + video, std::string("http://localhost/a.mp4"),
        folder / "%03d.png", std::string("pipe:0"), std::string("data:video/mp4;base64,AAAA")}) {
    CAPTURE(name);
    CHECK(readCode(name) == "FILE_NOT_FOUND");
  }
}

TEST_CASE("files that are no videos") {
  const TempFolder folder;
  const std::string video = encode(folder, "video.mp4", "64x48", 3, kH264);
  const std::string path = folder / "claims-to-be.mp4";
  std::string noise(300'000, '\0');
  std::mt19937 random(1);
  for (char& byte : noise) byte = static_cast<char>(random());
  ffmpeg("-f lavfi -i testsrc2=size=64x48 -frames:v 1 " + (folder / "one.png"));

  const std::pair<std::string, std::string> inputs[] = {
      {"nothing", ""},
      {"one byte", "x"},
      {"noise", noise},
      {"zeros", std::string(100'000, '\0')},
      {"text", "This is not a video, whatever its name says.\n"},
      {"zip", "PK\x03\x04" + noise},
      {"pdf", "%PDF-1.7\n" + noise.substr(0, 5000)},
      {"png", contents(folder / "one.png")},
      {"ffconcat", "ffconcat version 1.0\nfile '" + video + "'\n"},
      {"HLS", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + video + "\n#EXT-X-ENDLIST\n"},
      {"DASH", "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"></MPD>\n"},
      {"SDP", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"},
  };
  for (const auto& input : inputs) {
    CAPTURE(input.first);
    write(path, input.second);
    CHECK(readCode(path) == "NOT_A_VIDEO");
    CHECK(probeCode(path) == "NOT_A_VIDEO");
  }
}

TEST_CASE("files without a video stream") {
  const TempFolder folder;
  ffmpeg("-f lavfi -i testsrc2=size=64x48 -frames:v 1 " + (folder / "cover.png"));
  const std::string sound = "-f lavfi -i sine=duration=1 ";
  const std::string covered = "-i " + (folder / "cover.png") + " -map 0 -map 1 -disposition:v attached_pic -c:v copy ";
  ffmpeg(sound + "-c:a aac " + (folder / "sound.mp4"));
  ffmpeg(sound + covered + "-c:a aac " + (folder / "cover.m4a"));
  ffmpeg(sound + covered + "-c:a libmp3lame " + (folder / "cover.mp3"));
  ffmpeg(sound + (folder / "sound.wav"));
  ffmpeg(sound + (folder / "sound.flac"));
  ffmpeg(sound + "-c:a libvorbis " + (folder / "sound.ogg"));
  for (const std::string name : {"sound.mp4", "cover.m4a", "cover.mp3", "sound.wav", "sound.flac", "sound.ogg"}) {
    CAPTURE(name);
    CHECK(readCode(folder / name) == "NO_VIDEO_STREAM");
    CHECK(probeCode(folder / name) == "NO_VIDEO_STREAM");
  }
}

TEST_CASE("containers, codecs and encryption that are not supported are named") {
  const TempFolder folder;
  CHECK(readCode(encode(folder, "a.wmv", "64x48", 3, "-c:v wmv2")) == "UNSUPPORTED_VIDEO");
  CHECK(readCode(encode(folder, "a.h264", "64x48", 30, kH264)) == "UNSUPPORTED_VIDEO");
  const std::string encrypted = encode(folder, "encrypted.mp4", "64x48", 3,
                                       std::string(kH264) +
                                           " -encryption_scheme cenc-aes-ctr"
                                           " -encryption_key 00112233445566778899aabbccddeeff"
                                           " -encryption_kid 00112233445566778899aabbccddeeff");
  CHECK(readCode(encrypted) == "UNSUPPORTED_VIDEO");

  const std::string flv1 = encode(folder, "a.flv", "64x48", 3, "-c:v flv");
  CHECK(probeFile(flv1).codec == "flv1");
  try {
    read(flv1, spread(1));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::UnsupportedVideo);
    CHECK(std::string(error.what()).find("flv1") != std::string::npos);
  }
}

TEST_CASE("files that were cut short are noticed") {
  const TempFolder folder;
  const std::string path = folder / "cut";
  for (const std::string form : {"a.mp4", "faststart.mp4", "fragmented.mp4", "a.mkv", "live.mkv", "a.webm", "a.avi"}) {
    std::string options = form == "a.webm" ? "-c:v libvpx -g 10" : std::string(kH264) + " -g 10";
    if (form == "faststart.mp4") options += " -movflags faststart";
    if (form == "fragmented.mp4") options += " -movflags frag_keyframe+empty_moov";
    if (form == "live.mkv") options += " -live 1 -cluster_time_limit 500 -f matroska";
    const std::string whole = contents(encode(folder, form, "160x96", 60, options));
    REQUIRE(readCode(folder / form) == "none");
    for (const double part : {0.3, 0.6, 0.95}) {
      CAPTURE(form);
      CAPTURE(part);
      write(path, whole.substr(0, static_cast<std::size_t>(static_cast<double>(whole.size()) * part)));
      CHECK(readCode(path) == "TRUNCATED_VIDEO");
      if (form == "faststart.mp4") CHECK(readCode(path, ReadOptions{}, consecutive(1)) == "TRUNCATED_VIDEO");
    }
  }
}

TEST_CASE("damage inside is an error or a warning, and never a crash") {
  const TempFolder folder;
  const std::string whole =
      contents(encode(folder, "whole.mp4", "160x96", 30, std::string(kH264) + " -movflags faststart"));
  const std::string path = folder / "damaged.mp4";

  std::string zeroed = whole;
  std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2), zeroed.end(), '\0');
  write(path, zeroed);
  CHECK(readCode(path) == "CORRUPT_VIDEO");

  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    std::string bytes = whole;
    for (int flips = 0; flips < 20; ++flips) {
      char& byte = bytes[random() % bytes.size()];
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ 1U << random() % 8);
    }
    write(path, bytes);
    CHECK_NOTHROW(static_cast<void>(readCode(path)));
  }
}

TEST_CASE("what is odd but whole is read") {
  const TempFolder folder;
  const std::string whole = contents(encode(folder, "whole.mp4", "64x48", 30, std::string(kH264) + " -g 10"));
  const std::string path = folder / "odd";
  SUBCASE("garbage after the end") {
    write(path, whole + std::string(1000, 'x'));
    CHECK(readCode(path) == "none");
  }
  SUBCASE("no first keyframe") {
    const std::string stream = contents(encode(folder, "a.ts", "64x48", 30, std::string(kH264) + " -g 10"));
    write(path, stream.substr(stream.size() / 10 / 188 * 188));
    const Clip clip = read(path, consecutive(20));
    CHECK(clip.slots[19].size() == 64 * 48 * 3);
  }
}

TEST_CASE("a limit holds at exactly its value") {
  const TempFolder folder;
  const std::string path = encode(folder, "limits.mp4", "64x48", 10, kH264);
  const std::string sounded = folder / "streams.mkv";
  ffmpeg("-i " + path + " -f lavfi -i sine -f lavfi -i sine -map 0 -map 1 -map 2 -shortest " + sounded);
  const auto bytes = static_cast<std::int64_t>(contents(path).size());
  CHECK(readCode(path, {.limits = {.bytes = bytes}}) == "none");
  CHECK(readCode(path, {.limits = {.bytes = bytes - 1}}) == "LIMIT_EXCEEDED");
  constexpr std::int64_t kPixels = 3072;  // 64 x 48
  CHECK(readCode(path, {.limits = {.pixels = kPixels}}) == "none");
  CHECK(readCode(path, {.limits = {.pixels = kPixels - 1}}) == "LIMIT_EXCEEDED");
  CHECK(readCode(path, {.limits = {.frames = 10}}) == "none");
  CHECK(readCode(path, {.limits = {.frames = 9}}) == "LIMIT_EXCEEDED");
  CHECK(readCode(sounded, {.limits = {.streams = 3}}) == "none");
  CHECK(readCode(sounded, {.limits = {.streams = 2}}) == "LIMIT_EXCEEDED");
  CHECK(readCode(sounded, {.limits = {.streams = 1}}) == "LIMIT_EXCEEDED");

  const std::string stretched = encode(folder, "stretched.mp4", "64x48", 3, std::string(kH264) + " -vf setsar=2");
  CHECK(readCode(stretched, {.limits = {.pixels = 2 * kPixels}}) == "none");
  CHECK(readCode(stretched, {.limits = {.pixels = 2 * kPixels - 1}}) == "LIMIT_EXCEEDED");
}

TEST_CASE("cancelling stops a reader within 100 ms, and a deadline does too") {
  const TempFolder folder;
  const std::string path = encode(folder, "long.mp4", "640x360", 500, kH264);
  SUBCASE("cancelled before it begins") {
    CancelToken token;
    token.cancel();
    CHECK_THROWS_AS(read(path, spread(8), ReadOptions{}, token), Cancelled);
  }
  SUBCASE("cancelled while it reads") {
    CancelToken token;
    Clock::time_point cancelled;
    std::thread canceller([&token, &cancelled] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      cancelled = Clock::now();
      token.cancel();
    });
    CHECK_THROWS_AS(read(path, consecutive(500), ReadOptions{}, token), Cancelled);
    const Clock::time_point stopped = Clock::now();
    canceller.join();
    CHECK(stopped - cancelled < std::chrono::milliseconds(100));
  }
  SUBCASE("deadline") {
    const CancelToken token(std::chrono::milliseconds(100));
    const auto start = Clock::now();
    try {
      read(path, consecutive(500), ReadOptions{}, token);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::Timeout);
    }
    CHECK(Clock::now() - start < std::chrono::milliseconds(200));
  }
}

}  // namespace
}  // namespace tubelet::video::test
