#pragma once

#include <string>

namespace fovea {

/// Opens `libfovea_NAME.so` at run time, beside the program or in ../lib of it, once per process, and returns the
/// address of its C symbol. kUnsupported "built without WHAT" when the file is not there; kDevice with the loader's
/// words when it is there but can't be loaded. Thread-safe.
void* open_module(const std::string& name, const std::string& symbol, const std::string& what);

}  // namespace fovea
