# Flags of Fovea's own code, and the sanitizers, on one interface target. Sanitizer builds leave the warnings to the others.
add_library(fovea_flags INTERFACE)
target_compile_options(fovea_flags INTERFACE -fno-math-errno)
if(NOT FOVEA_SANITIZE)
  target_compile_options(fovea_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(fovea_flags INTERFACE -Wno-restrict)  # false alarms inside std::string (GCC bug 105651)
endif()
if(FOVEA_WERROR)
  target_compile_options(fovea_flags INTERFACE -Werror)
endif()
if(FOVEA_SANITIZE)
  target_compile_definitions(fovea_flags INTERFACE FOVEA_SANITIZED)  # for tests of what a sanitizer replaces
  target_compile_options(fovea_flags INTERFACE -fsanitize=${FOVEA_SANITIZE} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all)
  target_link_options(fovea_flags INTERFACE -fsanitize=${FOVEA_SANITIZE})
endif()
if(FOVEA_FUZZERS)  # coverage in the rooms, so that tests and fuzzers share their objects
  target_compile_options(fovea_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
