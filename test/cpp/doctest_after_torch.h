// LibTorch defines a CHECK of its own, which aborts the program instead of failing the test. Included before everything
// else in the tests that see LibTorch, so that doctest's is the one that stands.
#pragma once

#include <torch/script.h>

#undef CHECK

#include <doctest/doctest.h>
