# CUDA's compiler and static runtime, and the headers of cuDNN (opened at run time). Kernels are compiled by a command of
# their own: CMake's CUDA language wants to know the dialects of a compiler that is newer than itself.
find_program(FOVEA_NVCC nvcc HINTS /usr/local/cuda/bin REQUIRED)
get_filename_component(cuda_root ${FOVEA_NVCC} REALPATH)
get_filename_component(cuda_root ${cuda_root} DIRECTORY)
get_filename_component(cuda_root ${cuda_root} DIRECTORY)
find_library(FOVEA_cudart_LIBRARY cudart_static HINTS ${cuda_root}/lib64 ${cuda_root}/lib ${cuda_root}/targets/x86_64-linux/lib
             REQUIRED)
find_path(FOVEA_cuda_INCLUDE cuda_runtime_api.h HINTS ${cuda_root}/include ${cuda_root}/targets/x86_64-linux/include REQUIRED)
find_path(FOVEA_cudnn_INCLUDE cudnn.h HINTS ${FOVEA_cuda_INCLUDE} REQUIRED)
add_library(vendor::cuda INTERFACE IMPORTED GLOBAL)
target_include_directories(vendor::cuda SYSTEM INTERFACE ${FOVEA_cuda_INCLUDE} ${FOVEA_cudnn_INCLUDE})
target_link_libraries(vendor::cuda INTERFACE ${FOVEA_cudart_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS} rt)

# fovea_cuda_objects(OUT FILE.cu…): objects for sm_90a.
function(fovea_cuda_objects out)
  set(objects "")
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME_WE)
    set(object ${CMAKE_BINARY_DIR}/cuda/${name}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/cuda
      COMMAND ${FOVEA_NVCC} -std=c++20 -O3 -gencode=arch=compute_90a,code=sm_90a -ccbin ${CMAKE_CXX_COMPILER} -lineinfo
              -I${CMAKE_SOURCE_DIR}/src -Xcompiler=-fPIC,-Wall -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMENT "Compiling ${name}.cu" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${out} "${objects}" PARENT_SCOPE)
endfunction()
