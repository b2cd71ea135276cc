# cmake -DBUILD=build folder -DWORK=scratch folder -DFLAGS=compiler flags -P: installs the tree, then configures, builds and runs
# a project that finds it by find_package(bernoulli), and the installed program itself.
function(step)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
step("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G Ninja -DCMAKE_BUILD_TYPE=Release
     -DCMAKE_PREFIX_PATH=${WORK}/prefix "-DCMAKE_CXX_FLAGS=${FLAGS}")
step("${CMAKE_COMMAND}" --build "${WORK}/build")
step("${WORK}/build/consumer")
if(NOT output STREQUAL "3 0.5\n")
  message(FATAL_ERROR "the consumer printed '${output}', expected '3 0.5'")
endif()
step("${WORK}/prefix/bin/bernoulli" --version)
if(NOT output MATCHES "^bernoulli [0-9]")
  message(FATAL_ERROR "the installed program printed '${output}' for --version")
endif()
