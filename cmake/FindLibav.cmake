# Libav::Libav: the five libraries of FFmpeg 5.1 to 9 that tubelet uses, through pkg-config.

find_package(PkgConfig REQUIRED)
pkg_check_modules(Libav REQUIRED IMPORTED_TARGET
  "libavformat>=59.27" "libavformat<64"
  "libavcodec>=59.37" "libavcodec<64"
  "libavfilter>=8.44" "libavfilter<13"
  "libavutil>=57.28" "libavutil<62"
  "libswscale>=6.7" "libswscale<11")

if(NOT TARGET Libav::Libav)
  add_library(Libav::Libav ALIAS PkgConfig::Libav)
endif()
