# Which backends this build holds.
foreach(backend IN ITEMS CUDA TENSORRT)
  if(FOVEA_${backend})
    target_compile_definitions(${target} PRIVATE FOVEA_${backend})
  endif()
endforeach()
