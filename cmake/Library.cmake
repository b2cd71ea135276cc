find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Twelve files of a target compiled as one: half the time of a clean build, as most of it goes into headers. A changed file costs its
# eleven neighbours too, so the debug preset, which also proves that each file stands alone, goes without.
set(CMAKE_UNITY_BUILD ${BERNOULLI_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)

# The compiler frees memory only beyond 2 GB, which no file takes: searching for what to free is a tenth of its time.
add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,GNU>:SHELL:--param ggc-min-heapsize=2000000>")

# bernoulli_cold(TARGET): code that waits for other code, for LibTorch or for the disk. -O1 takes two thirds of the time to compile.
function(bernoulli_cold target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# bernoulli_library(NAME [COLD] DEPENDS ... PRIVATE_DEPENDS ...): every .cpp below src/NAME as target bernoulli::NAME.
function(bernoulli_library name)
  cmake_parse_arguments(ARG "COLD" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/cuda/[^/]+$")  # of the libraries that are opened on demand (Cuda.cmake)
  add_library(bernoulli_${name} STATIC ${sources})
  if(ARG_COLD)
    bernoulli_cold(bernoulli_${name})
  endif()
  add_library(bernoulli::${name} ALIAS bernoulli_${name})
  set_target_properties(bernoulli_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(bernoulli_${name} PUBLIC cxx_std_20)  # the headers need it, and compilers have an older default
  target_include_directories(bernoulli_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/src/generated> $<INSTALL_INTERFACE:include/bernoulli>)
  target_link_libraries(bernoulli_${name} PRIVATE ${ARG_PRIVATE_DEPENDS} $<BUILD_INTERFACE:bernoulli_warnings> PUBLIC ${ARG_DEPENDS})
endfunction()

# bernoulli_test(FOLDER [OPTIMISED] LABEL label DEPENDS ...): every *_test.cpp below tests/FOLDER as one program. OPTIMISED: loops of the
# tests' own take long.
function(bernoulli_test folder)
  cmake_parse_arguments(ARG "OPTIMISED" "LABEL" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target "${folder}_test")
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  # Most of a test's time is its compilation; what it tests is optimised.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:$<IF:$<BOOL:${ARG_OPTIMISED}>,-O1,-O0>>)
  target_compile_definitions(${target} PRIVATE BERNOULLI_TEST_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main bernoulli_warnings)
  bernoulli_discover_suites(${target} "${ARG_LABEL}")
endfunction()
