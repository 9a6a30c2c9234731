if(FOVEA_TENSORRT)
  target_compile_definitions(${target} PRIVATE FOVEA_TENSORRT)
endif()
