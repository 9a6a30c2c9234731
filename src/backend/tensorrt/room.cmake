# Headers only: the libraries are opened at run time (base brings dlopen).
target_include_directories(${target} SYSTEM PRIVATE ${FOVEA_nvinfer_INCLUDE} ${FOVEA_cudart_INCLUDE})
target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
