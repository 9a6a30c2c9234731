# Every third-party library, one target each. scripts/setup puts what Debian lacks into .deps of the checkout.
set(FOVEA_DEPS ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "Folder that scripts/setup fills")

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)

# fovea_library(NAME header library): an imported target of a library without a CMake package.
function(fovea_library name header library)
  find_path(${name}_INCLUDE ${header} HINTS ${ARGN}/include REQUIRED)
  find_library(${name}_LIBRARY ${library} HINTS ${ARGN}/lib REQUIRED)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE})
  target_link_libraries(${name} INTERFACE ${${name}_LIBRARY})
endfunction()

fovea_library(xxhash xxhash.h xxhash)
fovea_library(turbojpeg turbojpeg.h turbojpeg)
fovea_library(png png.h png)
fovea_library(webp webp/decode.h webp)
fovea_library(webpdemux webp/demux.h webpdemux)
fovea_library(dnnl oneapi/dnnl/dnnl.hpp dnnl ${FOVEA_DEPS}/onednn)
fovea_library(protobuf_lite google/protobuf/message.h protobuf)
fovea_library(onnx_schema onnx/onnx_pb.h onnx_proto)
target_compile_definitions(onnx_schema INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx_schema INTERFACE protobuf_lite)

if(FOVEA_TRAIN)
  include(libtorch)
endif()
