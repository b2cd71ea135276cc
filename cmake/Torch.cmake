# Imported targets for the LibTorch of a wheel. TorchConfig.cmake is not used: on a CUDA wheel it demands nvcc and links
# libtorch_cuda, while the program must start with the CPU half alone (docs/architecture.md, "LibTorch").
set(BERNOULLI_TORCH_DIR "$ENV{BERNOULLI_TORCH_DIR}" CACHE PATH "Folder of LibTorch: holds include/ and lib/ (a wheel's site-packages/torch)")
if(NOT EXISTS "${BERNOULLI_TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch not found in '${BERNOULLI_TORCH_DIR}'. Run './dev setup', or set BERNOULLI_TORCH_DIR to a folder with include/ and lib/libtorch_cpu.so.")
endif()
file(STRINGS "${BERNOULLI_TORCH_DIR}/include/torch/headeronly/version.h" torch_version_lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]")
list(TRANSFORM torch_version_lines REPLACE "[^0-9]" "")
list(JOIN torch_version_lines "." BERNOULLI_TORCH_VERSION)
message(STATUS "LibTorch ${BERNOULLI_TORCH_VERSION} in ${BERNOULLI_TORCH_DIR}")

add_library(torch::c10 SHARED IMPORTED GLOBAL)
set_target_properties(torch::c10 PROPERTIES IMPORTED_LOCATION "${BERNOULLI_TORCH_DIR}/lib/libc10.so")
add_library(torch::cpu SHARED IMPORTED GLOBAL)
set_target_properties(torch::cpu PROPERTIES
  IMPORTED_LOCATION "${BERNOULLI_TORCH_DIR}/lib/libtorch_cpu.so"
  INTERFACE_INCLUDE_DIRECTORIES "${BERNOULLI_TORCH_DIR}/include;${BERNOULLI_TORCH_DIR}/include/torch/csrc/api/include"
  INTERFACE_COMPILE_DEFINITIONS AT_PER_OPERATOR_HEADERS
  INTERFACE_LINK_LIBRARIES torch::c10)
# libtorch_cpu finds libcudart and libcupti through its own RPATH; the linker need not.
target_link_options(torch::cpu INTERFACE -Wl,--allow-shlib-undefined)
