# Kernels are vectorised in every build type but debug; no kernel looks at floating-point exceptions.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/backend/cpu/kernels/*.cc)
  set_source_files_properties(${kernels} PROPERTIES COMPILE_OPTIONS "-O3;-fno-trapping-math")
endif()
