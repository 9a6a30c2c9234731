// libFuzzer: the ONNX importer on arbitrary bytes.
#include "base/error.h"
#include "interop/onnx_import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fovea::import_onnx({reinterpret_cast<const std::byte*>(data), size}, "/nonexistent");
  } catch (const fovea::Error&) {
  }
  return 0;
}
