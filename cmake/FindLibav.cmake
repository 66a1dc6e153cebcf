# Libav::Libav: the five libraries of FFmpeg 5.1 to 8 that tubelet uses, through pkg-config.

find_package(PkgConfig REQUIRED)
pkg_check_modules(Libav REQUIRED IMPORTED_TARGET
  "libavformat>=59.27" "libavformat<63"
  "libavcodec>=59.37" "libavcodec<63"
  "libavfilter>=8.44" "libavfilter<12"
  "libavutil>=57.28" "libavutil<61"
  "libswscale>=6.7" "libswscale<10")

if(NOT TARGET Libav::Libav)
  add_library(Libav::Libav ALIAS PkgConfig::Libav)
endif()
