// Hostile files that are not videos, or not the kind of video that tubelet reads.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "hostile_bytes.h"
#include "hostile_corpus.h"

namespace tubelet::video::test {
namespace {

constexpr const char* kPattern = "-f lavfi -i testsrc2=size=64x48:rate=25 ";
constexpr const char* kTone = "-f lavfi -i sine=duration=1 ";

/// A socket in the file system, which stays when its descriptor is closed.
void makeSocket(const std::string& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long for a socket: " + path);
  std::ranges::copy(path, address.sun_path);
  const int bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(descriptor);
  if (bound != 0) throw std::runtime_error("cannot make a socket at " + path);
}

}  // namespace

void HostileCorpus::addIrregularFiles() {
  const std::string fifo = (folder_ / "fifo.mp4").string();
  if (::mkfifo(fifo.c_str(), 0600) != 0) throw std::runtime_error("cannot make " + fifo);
  const std::string socket = (folder_ / "socket.mp4").string();
  makeSocket(socket);

  addPath("a FIFO", fifo, {"READ_FAILED"});
  addPath("a socket", socket, {"READ_FAILED"});
  addPath("a directory", folder_.string(), {"READ_FAILED"});
  addPath("a device without end", "/dev/zero", {"READ_FAILED"});
  addPath("an empty device", "/dev/null", {"READ_FAILED"});
  addPath("a name that is too long", (folder_ / std::string(300, 'x')).string(), {"READ_FAILED"});
  addPath("a file that is not there", (folder_ / "missing.mp4").string(), {"FILE_NOT_FOUND"});
  const std::string loop = (folder_ / "loop.mp4").string();
  std::filesystem::create_symlink(loop, loop);
  addPath("a link to itself", loop, {"READ_FAILED"});
}

void HostileCorpus::addProtocolNames() {
  const std::string video = (folder_ / "named.mp4").string();
  write(video, mp4_);
  // Below the folder, so that a name stays one whatever the working directory is.
  const auto named = [&](const std::string& name) { addPath("the name " + name, name, {"FILE_NOT_FOUND"}); };
  named("file:" + video);
  named("concat:" + video + "|" + video);
  named("subfile,,start,0,end,0,,:" + video);
  named("crypto:" + video);
  named("cache:" + video);
  named("async:" + video);
  named("http://127.0.0.1:9/clip.mp4");
  named("tcp://127.0.0.1:9");
  named("data:video/mp4;base64,AAAA");
  named("pipe:0");
  named("fd:0");
  named((folder_ / "%03d.png").string());
  named((folder_ / "*.mp4").string());
}

void HostileCorpus::addOtherFormats() {
  constexpr std::size_t kMuch = 300'000;
  const auto refused = [&](const std::string& name, const std::string& bytes) { add(name, bytes, {"NOT_A_VIDEO"}); };
  refused("nothing at all", "");
  refused("one byte", "x");
  refused("zeros", std::string(kMuch, '\0'));
  refused("ones", std::string(kMuch, '\xFF'));
  // Some demuxer may take noise for its own, and then find nothing in it.
  for (unsigned seed = 1; seed <= 3; ++seed) {
    add("noise", noise(kMuch, seed), {"NOT_A_VIDEO", "NO_VIDEO_STREAM", "CORRUPT_VIDEO"});
  }
  refused("text", repeated("This is not a video, whatever its name says.\n", 100));
  refused("JSON", R"({"codec": "h264", "width": 640, "frames": [1, 2, 3]})");
  refused("HTML", "<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>");
  refused("zip", "PK\x03\x04" + noise(5000, 4));
  refused("PDF", "%PDF-1.7\n" + noise(5000, 5));
  refused("ELF",
          "\x7F"
          "ELF" +
              noise(5000, 6));
  refused("a PNG picture", png_);
  refused("a JPEG picture", jpeg_);
  refused("WebP", made("picture.webp", std::string(kPattern) + "-frames:v 1 -c:v libwebp"));
  refused("SVG", R"(<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>)");
  refused("subtitles", "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n2\n00:00:01,000 --> 00:00:02,000\nAgain\n");
}

void HostileCorpus::addPlaylists() {
  const std::string video = (folder_ / "named.mp4").string();
  const auto refused = [&](const std::string& name, const std::string& bytes) { add(name, bytes, {"NOT_A_VIDEO"}); };
  refused("ffconcat", "ffconcat version 1.0\nfile '" + video + "'\n");
  refused("ffconcat with options", "ffconcat version 1.0\nfile '" + video + "'\noption safe 0\ninpoint 0\n");
  refused("HLS", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + video + "\n#EXT-X-ENDLIST\n");
  refused("HLS with a key",
          "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI=\"file:///etc/passwd\"\n"
          "#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n");
  refused("HLS of playlists", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n" + video + "\n");
  refused("DASH",
          R"(<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>)"
          R"(<Representation id="1" bandwidth="1"><BaseURL>file:///etc/passwd</BaseURL></Representation>)"
          R"(</AdaptationSet></Period></MPD>)");
  refused("SDP", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n");
  refused("an image list", "P6 64 48 255\n" + std::string(std::size_t{64} * 48 * 3, '\x7F'));
  refused("XSPF", R"(<?xml version="1.0"?><playlist><trackList><track><location>file:///etc/passwd</location>)"
                  R"(</track></trackList></playlist>)");
  refused("IMF", R"(<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>)");
}

void HostileCorpus::addSoundAndCovers() {
  const std::string tone = kTone;
  write(scratch_ / "cover.png", png_);
  const std::string covered =
      tone + "-i " + (scratch_ / "cover.png") + " -map 0 -map 1 -disposition:v attached_pic -c:v copy ";
  const auto silent = [&](const std::string& name, const std::string& bytes) { add(name, bytes, {"NO_VIDEO_STREAM"}); };
  silent("sound in WAV", made("a.wav", tone));
  silent("sound in MP3", made("a.mp3", tone + "-c:a libmp3lame"));
  silent("sound in M4A", made("a.m4a", tone + "-c:a aac"));
  silent("sound in FLAC", made("a.flac", tone));
  silent("sound in Ogg", made("a.ogg", tone + "-c:a libvorbis"));
  silent("sound in Matroska", made("a.mka", tone + "-c:a flac"));
  silent("sound in MPEG-TS", made("a.ts", tone + "-c:a mp2"));
  silent("sound in FLV", made("a.flv", tone + "-c:a libmp3lame"));
  silent("sound and a cover in M4A", made("cover.m4a", covered + "-c:a aac"));
  silent("sound and a cover in MP3", made("cover.mp3", covered + "-c:a libmp3lame"));
  silent("sound and a cover in FLAC", made("cover.flac", covered + "-c:a flac"));
}

void HostileCorpus::addUnsupported() {
  const std::string pattern = kPattern;
  const auto unsupported = [&](const std::string& name, const std::string& file, const std::string& encoding) {
    add(name, made(file, pattern + "-frames:v 10 " + encoding), {"UNSUPPORTED_VIDEO"});
  };
  unsupported("encrypted", "encrypted.mp4",
              "-c:v libx264 -pix_fmt yuv420p -encryption_scheme cenc-aes-ctr"
              " -encryption_key 00112233445566778899aabbccddeeff -encryption_kid 00112233445566778899aabbccddeeff");
  unsupported("a codec off the list in MOV", "animation.mov", "-c:v qtrle");
  unsupported("a codec off the list in AVI", "old.avi", "-c:v msmpeg4v2");
  unsupported("a codec off the list in Matroska", "raw.mkv", "-c:v rawvideo -pix_fmt yuv420p");
  unsupported("a codec off the list in FLV", "sorenson.flv", "-c:v flv");
  unsupported("a container off the list: ASF", "a.wmv", "-c:v wmv2");
  unsupported("a container off the list: NUT", "a.nut", "-c:v mpeg4");
  unsupported("a container off the list: MXF", "a.mxf", "-c:v mpeg2video");
}

}  // namespace tubelet::video::test
