# `cmake --install`: the program alone (component runtime), the library of C with the package for Python (component native), or with
# both the libraries of C++, headers and find_package(bernoulli).
# The program looks for LibTorch beside itself first (./dev stage), then where it was built against.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(config_folder "${CMAKE_INSTALL_LIBDIR}/cmake/bernoulli")
set(torch_rpath "$ORIGIN/../lib/torch/lib;${BERNOULLI_TORCH_DIR}/lib")

set_target_properties(bernoulli_torch PROPERTIES INSTALL_RPATH "${torch_rpath}")
install(TARGETS bernoulli bernoulli_torch RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
if(TARGET bernoulli_cuda)  # the program looks for it in ../lib
  set_target_properties(bernoulli_cuda_graph PROPERTIES INSTALL_RPATH "${torch_rpath}")
  install(TARGETS bernoulli_cuda bernoulli_cuda_graph LIBRARY DESTINATION lib COMPONENT runtime)
endif()

get_property(source_targets DIRECTORY "${PROJECT_SOURCE_DIR}/src" PROPERTY BUILDSYSTEM_TARGETS)
set(library_targets ${source_targets})
list(FILTER library_targets INCLUDE REGEX "^bernoulli_")
set(native_libraries core config text data layers metrics kernels store infer)  # what find_package(bernoulli COMPONENTS infer) gives
foreach(target IN LISTS library_targets)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(REPLACE "bernoulli_" "" name ${target})
    set(export_set bernoulli)
    if(name IN_LIST native_libraries)
      set(export_set bernoulli_native)
    endif()
    install(TARGETS ${target} EXPORT ${export_set} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
  endif()
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/" "${PROJECT_BINARY_DIR}/src/generated/" DESTINATION include/bernoulli
        COMPONENT development FILES_MATCHING PATTERN "*.h" PATTERN cli EXCLUDE PATTERN c_api EXCLUDE)

install(TARGETS bernoulli_c EXPORT bernoulli_c LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT native NAMELINK_COMPONENT development)
install(FILES "${PROJECT_SOURCE_DIR}/src/c_api/bernoulli.h" DESTINATION include/bernoulli COMPONENT development)
set(pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH prefix_from_pkgconfig "/${pkgconfig_folder}" "/")
configure_file(cmake/bernoulli.pc.in "${PROJECT_BINARY_DIR}/bernoulli.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/bernoulli.pc" DESTINATION "${pkgconfig_folder}" COMPONENT development)
# The package looks for the library in its own folder: in a wheel it lies there, here a link leads to it.
set(python_folder share/bernoulli/python/bernoulli)
file(RELATIVE_PATH library_from_python "/${python_folder}" "/${CMAKE_INSTALL_LIBDIR}/libbernoulli_infer.so.1")
set(python_link "${PROJECT_BINARY_DIR}/python/libbernoulli_infer.so")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/python")
file(CREATE_LINK "${library_from_python}" "${python_link}" SYMBOLIC)
install(FILES "${python_link}" DESTINATION "${python_folder}" COMPONENT native)
install(DIRECTORY python/bernoulli/ DESTINATION "${python_folder}" COMPONENT native FILES_MATCHING PATTERN "*.py" PATTERN py.typed)

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(EXPORT bernoulli NAMESPACE bernoulli:: FILE bernoulliTargets.cmake DESTINATION "${config_folder}" COMPONENT development)
install(EXPORT bernoulli_c NAMESPACE bernoulli:: FILE bernoulliCTargets.cmake DESTINATION "${config_folder}" COMPONENT development)
install(EXPORT bernoulli_native NAMESPACE bernoulli:: FILE bernoulliNativeTargets.cmake DESTINATION "${config_folder}" COMPONENT development)
configure_package_config_file(cmake/bernoulliConfig.cmake.in "${PROJECT_BINARY_DIR}/bernoulliConfig.cmake"
                              INSTALL_DESTINATION "${config_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bernoulliConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bernoulliConfig.cmake" "${PROJECT_BINARY_DIR}/bernoulliConfigVersion.cmake"
              cmake/Dependencies.cmake cmake/Torch.cmake
        DESTINATION "${config_folder}" COMPONENT development)
