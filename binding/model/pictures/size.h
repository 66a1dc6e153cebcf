#pragma once

namespace tubelet::model {

/// Height and width in pixels.
struct Size {
  int height = 0;
  int width = 0;
  bool operator==(const Size&) const = default;
};

}  // namespace tubelet::model
