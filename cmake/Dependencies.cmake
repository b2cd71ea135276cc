# What ./dev setup installs from the distribution. Static where the program must travel without it.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)

function(bernoulli_static_library target file header)
  find_library(${target}_FILE NAMES lib${file}.a REQUIRED)
  find_path(${target}_INCLUDE NAMES ${header} REQUIRED)
  mark_as_advanced(${target}_FILE ${target}_INCLUDE)
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${target}_FILE}" INTERFACE_INCLUDE_DIRECTORIES "${${target}_INCLUDE}")
endfunction()

# The distribution has no static library of fmt: src/core/format_library.cpp compiles the half that is not templates. LibTorch's
# headers have another fmt among them; a folder with this one alone stands before them.
find_path(fmt_INCLUDE NAMES fmt/format-inl.h REQUIRED)
mark_as_advanced(fmt_INCLUDE)
set(fmt_folder "${CMAKE_BINARY_DIR}/fmt_headers")
file(MAKE_DIRECTORY "${fmt_folder}")
file(CREATE_LINK "${fmt_INCLUDE}/fmt" "${fmt_folder}/fmt" SYMBOLIC)
add_library(fmt::headers INTERFACE IMPORTED GLOBAL)
set_target_properties(fmt::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${fmt_folder}")

bernoulli_static_library(yaml-cpp::static yaml-cpp yaml-cpp/yaml.h)
bernoulli_static_library(xxhash::xxhash xxhash xxhash.h)
if(NOT bernoulli_native_only)  # set by bernoulliConfig.cmake for bernoulli::infer alone
  bernoulli_static_library(boost::program_options boost_program_options boost/program_options.hpp)
  # HTTP and sockets of src/serve: headers alone, which come with those above.
  find_path(boost_beast_INCLUDE NAMES boost/beast/http/parser.hpp REQUIRED)
  mark_as_advanced(boost_beast_INCLUDE)
endif()
