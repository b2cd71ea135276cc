# libbernoulli_cuda.so: every .cu below src, compiled where nvcc is. It links nothing of LibTorch, so that it is built beside a
# CPU-only LibTorch too; at run time the program opens it, and libtorch_cuda of the LibTorch in use (docs/cuda.md).
if(NOT BERNOULLI_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "BERNOULLI_CUDA is '${BERNOULLI_CUDA}', expected AUTO, ON or OFF")
endif()
set(bernoulli_builds_cuda OFF)
if(BERNOULLI_SANITIZE AND BERNOULLI_CUDA STREQUAL "AUTO")
  message(STATUS "libbernoulli_cuda: not built, nvcc has no host sanitizers")
elseif(NOT BERNOULLI_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(bernoulli_builds_cuda ON)
  elseif(BERNOULLI_CUDA STREQUAL "ON")
    message(FATAL_ERROR "BERNOULLI_CUDA=ON, but there is no nvcc that works with this C++ compiler; set CMAKE_CUDA_COMPILER, or leave the library out with BERNOULLI_CUDA=OFF")
  else()
    message(STATUS "libbernoulli_cuda: not built, no working nvcc was found")
  endif()
endif()
if(NOT bernoulli_builds_cuda)
  return()
endif()

# One image for each major architecture that the toolkit knows runs on all its minor ones; PTX of the newest is for later cards.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES all-major)
endif()
enable_language(CUDA)
message(STATUS "libbernoulli_cuda: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")

file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.cu")
add_library(bernoulli_cuda MODULE ${cuda_sources})
target_include_directories(bernoulli_cuda PRIVATE "${PROJECT_SOURCE_DIR}/src")
set_target_properties(bernoulli_cuda PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/src"  # beside the program
  CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF  # CMake 3.25 has no flag of nvcc for 20
  CUDA_VISIBILITY_PRESET default
  CUDA_RUNTIME_LIBRARY Static)  # a libcudart of its own: the machine that runs it has no toolkit
# Multiplications and additions stay apart and denormal numbers count as zero, as in the processor's engine; constexpr functions
# (core/random.h) are the card's too.
target_compile_options(bernoulli_cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;-ftz=true;--expt-relaxed-constexpr>")
if(BERNOULLI_WERROR)
  target_compile_options(bernoulli_cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Werror>")
endif()
# That libcudart and templates such as CUB's stay inside: LibTorch has its own in the same process.
set(cuda_exports "${PROJECT_SOURCE_DIR}/src/kernels/cuda/exports.map")
target_link_options(bernoulli_cuda PRIVATE "LINKER:--version-script=${cuda_exports}")
set_property(TARGET bernoulli_cuda APPEND PROPERTY LINK_DEPENDS "${cuda_exports}")
add_dependencies(bernoulli bernoulli_cuda)

# libbernoulli_cuda_graph.so records and replays work of LibTorch's: it stands on LibTorch's CUDA half, which is in the process when
# it is opened. Its headers are in every wheel, so that it is built beside the CPU half alone, with that half's symbols left open.
add_library(bernoulli_cuda_graph MODULE "${PROJECT_SOURCE_DIR}/src/tensor/cuda/torch_graph.cpp")
target_include_directories(bernoulli_cuda_graph PRIVATE "${PROJECT_SOURCE_DIR}/src")
target_include_directories(bernoulli_cuda_graph SYSTEM PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
target_link_libraries(bernoulli_cuda_graph PRIVATE torch::cpu bernoulli_warnings)
set_target_properties(bernoulli_cuda_graph PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/src")
add_dependencies(bernoulli_cuda bernoulli_cuda_graph)
