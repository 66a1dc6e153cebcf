#pragma once

namespace tubelet::model {

/// Call first on every thread that runs a model or prepares pixels. LibTorch's, OpenMP's and MKL's thread counts are
/// per thread, and without this each new thread would start a team of its own with as many members as there are CPUs.
/// The calling thread starts with one: itself.
void prepareThread();

/// How many threads the operators called on this thread may use from now on, itself included. At least 1.
void setThreads(int threads);

}  // namespace tubelet::model
