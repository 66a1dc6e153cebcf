#pragma once

namespace torch::jit {
struct Module;
}

namespace tubelet::model {

/// Puts native kernels in place of the functions of models/programs/kernels.py, in a program that has not run yet. A
/// program that lacks one of them, or has one with other arguments, is left as it is there.
void useNativeKernels(const torch::jit::Module& program);

}  // namespace tubelet::model
