# Third-party libraries without a CMake package of their own, as targets vendor::NAME. Used by the build, and installed for
# users of the package, who link them but need no headers of theirs.

# fovea_vendor(NAME LIBRARY [HEADER file] [HINTS folder])
function(fovea_vendor name library)
  cmake_parse_arguments(arg "" "HEADER;HINTS" "" ${ARGN})
  if(TARGET vendor::${name})
    return()
  endif()
  find_library(FOVEA_${name}_LIBRARY ${library} HINTS ${arg_HINTS}/lib REQUIRED)
  mark_as_advanced(FOVEA_${name}_LIBRARY)
  add_library(vendor::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(vendor::${name} INTERFACE ${FOVEA_${name}_LIBRARY})
  if(arg_HEADER)
    find_path(FOVEA_${name}_INCLUDE ${arg_HEADER} HINTS ${arg_HINTS}/include REQUIRED)
    mark_as_advanced(FOVEA_${name}_INCLUDE)
    target_include_directories(vendor::${name} SYSTEM INTERFACE ${FOVEA_${name}_INCLUDE})
  endif()
endfunction()
