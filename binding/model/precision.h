#pragma once

#include <optional>
#include <string>

#include "model/common/spec.h"

namespace tubelet::model {

/// The precision to run in on a device as resolveDevice makes it: `wanted`, or without one bfloat16 where the device
/// multiplies it faster than float32.
Precision resolvePrecision(std::optional<Precision> wanted, const std::string& device);

/// "fp32", "bf16"
std::string nameOf(Precision precision);

}  // namespace tubelet::model
