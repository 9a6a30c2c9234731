# LibTorch inside a PyTorch wheel: TORCH_ROOT, else .deps. CPU libraries only; its own CMake package would demand a CUDA
# toolkit. Its headers come last (-idirafter): they bring other versions of fmt and protobuf. Its libraries are given by
# name, not by path: CMake would otherwise sort that folder, which holds a libgomp, among the run paths.
set(TORCH_ROOT "" CACHE PATH "Folder 'torch' of an installed PyTorch")
if(NOT TORCH_ROOT AND EXISTS ${FOVEA_DEPS}/python/torch/lib/libtorch_cpu.so)
  set(TORCH_ROOT ${FOVEA_DEPS}/python/torch)
endif()
if(NOT TORCH_ROOT OR NOT EXISTS ${TORCH_ROOT}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch not found: run scripts/setup, give -DTORCH_ROOT=…/torch, or configure with -DFOVEA_TRAIN=OFF")
endif()
add_library(vendor::libtorch INTERFACE IMPORTED GLOBAL)
target_compile_options(vendor::libtorch INTERFACE "SHELL:-idirafter ${TORCH_ROOT}/include"
                                                  "SHELL:-idirafter ${TORCH_ROOT}/include/torch/csrc/api/include")
target_link_options(vendor::libtorch INTERFACE -L${TORCH_ROOT}/lib -Wl,-rpath,${TORCH_ROOT}/lib)
target_link_libraries(vendor::libtorch INTERFACE -ltorch_cpu -lc10)
