find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Eight files of a target compiled as one: half the time of a clean build, as most of it goes into headers. A changed file costs its
# seven neighbours too, so the debug preset, which also proves that each file stands alone, goes without.
set(CMAKE_UNITY_BUILD ${BERNOULLI_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# bernoulli_library(NAME DEPENDS ... PRIVATE_DEPENDS ...): every .cpp below src/NAME as target bernoulli::NAME.
function(bernoulli_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/cuda/[^/]+$")  # of the libraries that are opened on demand (Cuda.cmake)
  set(visibility PUBLIC)
  if(sources)
    add_library(bernoulli_${name} STATIC ${sources})
    target_link_libraries(bernoulli_${name} PRIVATE ${ARG_PRIVATE_DEPENDS} $<BUILD_INTERFACE:bernoulli_warnings>)
  else()  # a folder of headers only
    add_library(bernoulli_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  add_library(bernoulli::${name} ALIAS bernoulli_${name})
  set_target_properties(bernoulli_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(bernoulli_${name} ${visibility}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/src/generated> $<INSTALL_INTERFACE:include/bernoulli>)
  target_link_libraries(bernoulli_${name} ${visibility} ${ARG_DEPENDS})
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
