#include "video/common/allowlist.h"

namespace tubelet::video {
namespace {

constexpr const char* kDemuxers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,live_flv,ogg,gif,apng,webp_anim";

// Decoders by libav's names. AV1 needs a library: the one called "av1" only drives hardware.
constexpr const char* kDecoders =
    "h264,hevc,vp8,libvpx,vp9,libvpx-vp9,libdav1d,libaom-av1,mpeg4,mpeg2video,mpeg1video,mjpeg,prores,dnxhd,theora,"
    "ffv1,gif,png,apng,webp,webp_anim";

constexpr const char* kAudio =
    "aa,aac,ac3,adts,aiff,amr,amrnb,amrwb,ape,au,caf,dsf,dts,dtshd,eac3,flac,gsm,loas,mlp,mp3,mpc,mpc8,oma,qcp,rso,sbc,"
    "shn,sox,tak,truehd,tta,voc,w64,wav,wsd,wv,xa";

constexpr const char* kOtherVideo =
    "asf,asf_o,av1,avs,avs2,avs3,bink,cavsvideo,dirac,dnxhd,dv,flic,gxf,h261,h263,h264,hevc,ivf,ivr,m4v,mjpeg,"
    "mjpeg_2000,mpegvideo,mxf,nsv,nut,nuv,obu,pva,r3d,rm,roq,smjpeg,smk,swf,vc1,vivo,vvc,wtv,xmv,yuv4mpegpipe";

bool listed(const char* name, const char* list) {
  return av_match_list(name, list, ',') > 0;
}

}  // namespace

ContainerKind containerKind(const AVInputFormat& format) {
  if (listed(format.name, kDemuxers)) return ContainerKind::Allowed;
  if (listed(format.name, kAudio)) return ContainerKind::Audio;
  if (listed(format.name, kOtherVideo)) return ContainerKind::Unsupported;
  return ContainerKind::NotAVideo;
}

const char* allowedDemuxers() {
  return kDemuxers;
}

const char* allowedDecoders() {
  return kDecoders;
}

const char* allowedContainersForPeople() {
  return "MP4, MOV, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, FLV, Ogg, GIF and animated PNG";
}

const AVCodec* allowedDecoder(AVCodecID id) {
  void* state = nullptr;
  while (const AVCodec* codec = av_codec_iterate(&state)) {
    if (codec->id == id && av_codec_is_decoder(codec) && listed(codec->name, kDecoders)) return codec;
  }
  return nullptr;
}

}  // namespace tubelet::video
