# A suite of a test program as one ctest test, found when ctest starts. gtest_discover_tests would start the program once for each
# case, which costs .3 s of LibTorch's loading each time: 80 s of the whole run.
#
# Suites run side by side: threads that spin for each other, as libgomp has it, make them several times slower; `bernoulli` sets the same.
#
# bernoulli_discover_suites(TARGET LABEL): ctest reads the file written here, which lists the suites anew where the program is newer.
function(bernoulli_discover_suites target label)
  set(timeout 300)
  if(BERNOULLI_SANITIZE)
    set(timeout 900)  # the slowest suite takes 180 s of a quiet core under the thread sanitizer
  endif()
  set(include_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake")
  file(GENERATE OUTPUT "${include_file}" CONTENT
"set(program \"$<TARGET_FILE:${target}>\")
set(list \"${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.txt\")
if(\"\${program}\" IS_NEWER_THAN \"\${list}\")
  execute_process(COMMAND \"\${program}\" --gtest_list_tests OUTPUT_FILE \"\${list}.new\" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    add_test(${target}.lists_its_tests \"\${program}\" --gtest_list_tests)  # which fails and shows why
    return()
  endif()
  file(RENAME \"\${list}.new\" \"\${list}\")
endif()
file(STRINGS \"\${list}\" lines REGEX \"^[A-Za-z0-9_/]+\\\\.\")
foreach(line IN LISTS lines)
  string(REGEX REPLACE \"\\\\..*\" \"\" suite \"\${line}\")
  add_test(\"\${suite}\" \"\${program}\" \"--gtest_filter=\${suite}.*\")
  set_tests_properties(\"\${suite}\" PROPERTIES LABELS \"${label}\" TIMEOUT ${timeout} ENVIRONMENT \"GOMP_SPINCOUNT=1000;MKL_CBWR=AUTO,STRICT\")
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include_file}")
endfunction()
