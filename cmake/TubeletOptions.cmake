# What every target of ours is compiled with. Options are set on targets: cmake-js overwrites CMAKE_CXX_FLAGS.

function(tubelet_options target)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/binding")
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast)
  # GCC 12 sees overlapping copies in every `"text" + string` that it inlines (its bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(TUBELET_SANITIZE)
    # vptr needs the type information of LibTorch's classes, part of which it does not export.
    set(sanitizers -fsanitize=address,undefined -fno-sanitize=vptr)
    target_compile_options(${target} PRIVATE ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC ${sanitizers})
  endif()
endfunction()

# An addon for Node.js: a module named NAME.node that finds Node-API in the process which loads it.
function(tubelet_addon target)
  tubelet_options(${target})
  target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_JS_INC})
  target_compile_definitions(${target} PRIVATE NAPI_VERSION=8)
  # nodelete: threads of ours may outlive the worker that loaded the addon. No RPATH: which LibTorch it uses is
  # settled at run time, by the loader.
  target_link_options(${target} PRIVATE -Wl,-z,nodelete)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".node" SKIP_BUILD_RPATH ON)
endfunction()
