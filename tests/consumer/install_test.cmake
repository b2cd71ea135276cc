# cmake -DBUILD=build folder -DWORK=scratch folder -DFLAGS=compiler flags -DPYTHON=python3 -P: installs the tree, then configures, builds and runs
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

# The same for bernoulli::infer, without LibTorch, on a model that the installed program trains.
set(rows "text,label\n")
foreach(number RANGE 1 40)
  string(APPEND rows "a fine film ${number},good\na dull flop ${number},bad\n")
endforeach()
file(WRITE "${WORK}/data.csv" "${rows}")
file(WRITE "${WORK}/tiny.yaml" "data: {train: {path: data.csv}, validation: {from: train, fraction: 0.2, method: stratified, seed: 1}}
task: {kind: binary, positive: good}
model: {layers: [{embedding: 4}, mean_pool, {linear: 1}]}
optimizer: {adam: {lr: 0.1}}
training: {epochs: 5, batch_size: 8}
")
step("${WORK}/prefix/bin/bernoulli" train "${WORK}/tiny.yaml" --set "data.root=${WORK}" --run-dir "${WORK}/run" --device cpu)
step("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/native" -B "${WORK}/native" -G Ninja -DCMAKE_BUILD_TYPE=Release
     -DCMAKE_PREFIX_PATH=${WORK}/prefix "-DCMAKE_CXX_FLAGS=${FLAGS}")
step("${CMAKE_COMMAND}" --build "${WORK}/native")
file(WRITE "${WORK}/texts" "a fine film\na dull flop\n")
foreach(model run run/model.pt)
  execute_process(COMMAND "${WORK}/native/classify" "${WORK}/${model}" INPUT_FILE "${WORK}/texts" OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT output MATCHES "^good (1|0\\.9[0-9]*)\nbad [0-9.]+(e-[0-9]+)?\n$")
    message(FATAL_ERROR "the native consumer said '${output}' of ${model}")
  endif()
endforeach()

# The same in C, by find_package and by pkg-config's file, and in Python.
step("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/c" -B "${WORK}/c" -G Ninja -DCMAKE_BUILD_TYPE=Release
     -DCMAKE_PREFIX_PATH=${WORK}/prefix "-DCMAKE_C_FLAGS=${FLAGS}")
step("${CMAKE_COMMAND}" --build "${WORK}/c")
foreach(model run run/model.pt)
  execute_process(COMMAND "${WORK}/native/classify" "${WORK}/${model}" INPUT_FILE "${WORK}/texts" OUTPUT_VARIABLE expected)
  execute_process(COMMAND "${WORK}/c/classify" "${WORK}/${model}" INPUT_FILE "${WORK}/texts" OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "the consumer in C said '${output}' of ${model}, that in C++ '${expected}'")
  endif()
endforeach()
execute_process(COMMAND "${WORK}/c/classify" "${WORK}/none" OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
if(NOT status EQUAL 4 OR NOT output MATCHES "none' does not exist")
  message(FATAL_ERROR "the consumer in C ended with ${status} where there is no model: '${output}'")
endif()
file(GLOB_RECURSE pc_file "${WORK}/prefix/*/bernoulli.pc")
file(READ "${pc_file}" pc)
string(REGEX MATCH "prefix=\\\${pcfiledir}/([./]*)" ignored "${pc}")
cmake_path(GET pc_file PARENT_PATH pc_folder)
cmake_path(SET pc_prefix NORMALIZE "${pc_folder}/${CMAKE_MATCH_1}")
if(NOT EXISTS "${pc_prefix}/include/bernoulli/bernoulli.h" OR NOT pc MATCHES "-lbernoulli_infer")
  message(FATAL_ERROR "bernoulli.pc leads to '${pc_prefix}': ${pc}")
endif()
if(NOT FLAGS)  # a library with sanitizers cannot be loaded into Python
  step("${CMAKE_COMMAND}" -E env "PYTHONPATH=${WORK}/prefix/share/bernoulli/python" PYTHONDONTWRITEBYTECODE=1 "${PYTHON}" -c
       "import bernoulli, sys\nwith bernoulli.Classifier(sys.argv[1]) as model: print(model.labels, model.decide(['a fine film'])[0][0])" "${WORK}/run")
  if(NOT output STREQUAL "('bad', 'good') True\n")
    message(FATAL_ERROR "the installed package for Python printed '${output}'")
  endif()
endif()
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES "${WORK}/native/classify" "${WORK}/c/classify" RESOLVED_DEPENDENCIES_VAR libraries UNRESOLVED_DEPENDENCIES_VAR unresolved)
if("${libraries};${unresolved}" MATCHES "torch|c10")
  message(FATAL_ERROR "the native consumers link ${libraries} ${unresolved}")
endif()
