# LibTorch::LibTorch from TUBELET_LIBTORCH, or from the wheel in .venv.
#
# Not find_package(Torch): that one wants a CUDA toolkit when the wheel is a CUDA one, while tubelet compiles against
# device-neutral headers only.

# The addon calls LibTorch's C++ interface, which changes with every minor version.
set(LibTorch_SUPPORTED 2.13)

if(TUBELET_LIBTORCH)
  set(LibTorch_CANDIDATES "${TUBELET_LIBTORCH}")
else()
  file(GLOB LibTorch_CANDIDATES "${PROJECT_SOURCE_DIR}/.venv/lib/python3.*/site-packages/torch")
endif()

# Looked up anew each time, since the folder may have changed since the last configuration.
find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/torch.h
  PATHS ${LibTorch_CANDIDATES} PATH_SUFFIXES include NO_DEFAULT_PATH NO_CACHE)

if(LibTorch_INCLUDE_DIR)
  get_filename_component(LibTorch_DIR "${LibTorch_INCLUDE_DIR}" DIRECTORY)
  file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" version_lines
    REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" version_parts "${version_lines}")
  list(JOIN version_parts "." LibTorch_VERSION)
  if(NOT LibTorch_VERSION MATCHES "^${LibTorch_SUPPORTED}\\.")
    message(FATAL_ERROR "tubelet needs LibTorch ${LibTorch_SUPPORTED}; ${LibTorch_DIR} has ${LibTorch_VERSION}")
  endif()
endif()

file(GLOB LibTorch_GOMP "${LibTorch_DIR}/lib/libgomp*.so*")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_DIR LibTorch_INCLUDE_DIR LibTorch_GOMP
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "'npm run setup' installs it, or TUBELET_LIBTORCH names a folder with lib/ and include/")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  # at::parallel_for() is a template with OpenMP's pragma in it: compiled without, it runs on one thread and says nothing.
  # The runtime is LibTorch's own, so that both share its threads.
  target_compile_options(LibTorch::LibTorch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
  target_link_libraries(LibTorch::LibTorch INTERFACE "${LibTorch_GOMP}")
  foreach(name IN ITEMS torch_cpu c10)
    add_library(LibTorch::${name} SHARED IMPORTED)
    set_target_properties(LibTorch::${name} PROPERTIES IMPORTED_LOCATION "${LibTorch_DIR}/lib/lib${name}.so")
    target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::${name})
  endforeach()
endif()
