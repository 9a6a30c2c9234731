# Helpers of tests (room testing/), one small library each, and the precompiled header of test programs.
include(includes)

file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/testing/*.h)
foreach(header IN LISTS helpers)
  get_filename_component(name ${header} NAME_WE)
  set(target fovea_testing_${name})
  string(REPLACE ".h" ".cc" source ${header})
  if(EXISTS ${source})
    add_library(${target} STATIC EXCLUDE_FROM_ALL ${source})
    fovea_rooms_included(links ${header} ${source})
    target_link_libraries(${target} PRIVATE fovea_flags GTest::gtest)
    set(kind PUBLIC)
  else()
    add_library(${target} INTERFACE)
    fovea_rooms_included(links ${header})
    set(kind INTERFACE)
  endif()
  list(REMOVE_ITEM links ${target})
  target_link_libraries(${target} ${kind} ${links})
  target_include_directories(${target} ${kind} ${CMAKE_SOURCE_DIR}/src)
endforeach()

add_library(fovea_test_flags INTERFACE)
target_link_libraries(fovea_test_flags INTERFACE fovea_flags GTest::gmock GTest::gtest_main)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms inside std::vector once it is inlined into a test (GCC bug 105329).
  target_compile_options(fovea_test_flags INTERFACE -Wno-stringop-overflow -Wno-array-bounds)
endif()

# A test unit spends 2–3 s in GoogleTest and the standard library otherwise. ccache can't see through it.
if(FOVEA_PCH)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_pch/empty.cc CONTENT "\n")
  add_executable(fovea_test_pch EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_pch/empty.cc)  # same flags as the programs
  target_link_libraries(fovea_test_pch PRIVATE fovea_base fovea_test_flags)
  target_precompile_headers(fovea_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <fmt/format.h> <algorithm> <filesystem>
                            <functional> <map> <memory> <numeric> <random> <span> <string> <vector>)
endif()

# fovea_test_program(NAME SOURCE…): a GoogleTest program that links the rooms that its sources include.
function(fovea_test_program name)
  add_executable(${name} ${ARGN})
  fovea_rooms_included(links ${ARGN})
  target_link_libraries(${name} PRIVATE ${links} fovea_test_flags)
  if(FOVEA_PCH)
    target_precompile_headers(${name} REUSE_FROM fovea_test_pch)
  endif()
endfunction()

# fovea_plain_program(NAME SOURCE…): the same without GoogleTest's main, e.g. a runner of cases.
function(fovea_plain_program name)
  add_executable(${name} ${ARGN})
  fovea_rooms_included(links ${ARGN})
  target_link_libraries(${name} PRIVATE ${links} fovea_flags GTest::gtest)
endfunction()
