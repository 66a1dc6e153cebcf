#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "model/pictures/opencv_bilinear.h"
#include "model/pictures/tensorflow_bilinear.h"

using namespace tubelet::model;

namespace {

/// The same bytes in Python: i = numpy.arange(h * w * 3); (i * 7919 + i * i % 251) % 256
std::vector<std::uint8_t> picture(Size size) {
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < size.height * size.width * 3; ++i) {
    rgb.push_back(static_cast<std::uint8_t>((i * 7919 + i * i % 251) % 256));
  }
  return rgb;
}

std::vector<int> red(const std::vector<std::uint8_t>& rgb) {
  std::vector<int> values;
  for (std::size_t i = 0; i < rgb.size(); i += 3) values.push_back(rgb[i]);
  return values;
}

struct Case {
  Size from;
  Size to;
  std::vector<int> opencv;      ///< cv2 4.14 and 5.0
  std::vector<int> tensorflow;  ///< 2.21
};

}  // namespace

TEST_CASE("pictures are resized as OpenCV and as TensorFlow do") {
  const std::vector<Case> cases = {
      {{2, 3},
       {3, 4},
       {0, 134, 205, 190, 92, 163, 206, 208, 184, 191, 207, 226},
       {0, 133, 205, 190, 92, 162, 206, 208, 184, 191, 207, 226}},
      {{5, 4}, {2, 3}, {159, 144, 105, 201, 99, 28}, {159, 143, 104, 201, 99, 27}},
      {{4, 6}, {2, 3}, {82, 144, 152, 90, 82, 211}, {81, 144, 151, 89, 82, 210}},  // half the size
      {{3, 2},
       {5, 2},
       {0, 214, 76, 202, 190, 184, 193, 209, 196, 226},
       {0, 214, 76, 202, 190, 184, 193, 209, 196, 226}},
  };
  for (const Case& one : cases) {
    const std::vector<std::uint8_t> rgb = picture(one.from);
    CHECK(red(resizeAsOpenCv(rgb.data(), one.from, one.to)) == one.opencv);
    CHECK(red(resizeAsTensorFlow(rgb.data(), one.from, one.to)) == one.tensorflow);
  }
}

TEST_CASE("a picture of the right size stays as it is, and one colour stays that colour") {
  const Size size{.height = 7, .width = 5};
  const std::vector<std::uint8_t> rgb = picture(size);
  CHECK(resizeAsOpenCv(rgb.data(), size, size) == rgb);
  CHECK(resizeAsTensorFlow(rgb.data(), size, size) == rgb);

  const std::vector<std::uint8_t> flat(rgb.size(), 201);
  const Size larger{.height = 16, .width = 9};
  const std::vector<std::uint8_t> same(std::size_t{16} * 9 * 3, 201);
  CHECK(resizeAsTensorFlow(flat.data(), size, larger) == same);
  // OpenCV cuts off a little of each row's product: at most one level in all.
  for (const int value : resizeAsOpenCv(flat.data(), size, larger)) CHECK((value == 200 || value == 201));
}
