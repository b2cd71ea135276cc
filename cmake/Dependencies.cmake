# What ./dev setup installs from the distribution. Static where the program must travel without it.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)  # header-only below: the distribution has no static library of it

function(bernoulli_static_library target file header)
  find_library(${target}_FILE NAMES lib${file}.a REQUIRED)
  find_path(${target}_INCLUDE NAMES ${header} REQUIRED)
  mark_as_advanced(${target}_FILE ${target}_INCLUDE)
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${target}_FILE}" INTERFACE_INCLUDE_DIRECTORIES "${${target}_INCLUDE}")
endfunction()

bernoulli_static_library(yaml-cpp::static yaml-cpp yaml-cpp/yaml.h)
bernoulli_static_library(xxhash::xxhash xxhash xxhash.h)
if(NOT bernoulli_native_only)  # set by bernoulliConfig.cmake for bernoulli::infer alone
  bernoulli_static_library(boost::program_options boost_program_options boost/program_options.hpp)
endif()
