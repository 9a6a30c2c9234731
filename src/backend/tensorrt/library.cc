#include "backend/tensorrt/library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "base/error.h"

namespace fovea::tensorrt {
namespace {

template <typename Function>
Function* symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  require(found != nullptr, ErrorKind::kUnsupported, "[tensorrt] the library has no {}", name);
  return reinterpret_cast<Function*>(found);
}

void* open_file(const std::string& folder, std::string_view file, std::string& complaints) {
  const std::string path = folder.empty() ? std::string(file) : folder + "/" + std::string(file);
  void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) complaints += (complaints.empty() ? "" : ", ") + path;
  return opened;
}

}  // namespace

Library::Library() {
  const char* folder = std::getenv("FOVEA_TENSORRT");
  std::string complaints;
  for (const Family& family : families())
    if (try_family(family, folder != nullptr ? folder : "", complaints)) return;
  fail(ErrorKind::kUnsupported, "[tensorrt] the library is not found (looked for {}; FOVEA_TENSORRT=FOLDER says where)",
       complaints);
}

bool Library::try_family(const Family& family, const std::string& folder, std::string& complaints) {
  runtime_ = open_file(folder, family.runtime, complaints);
  parser_ = runtime_ != nullptr ? open_file(folder, family.parser, complaints) : nullptr;
  if (parser_ == nullptr) return false;
  family_ = &family;
  const auto part = [&](const char* name) { return static_cast<int>(symbol<std::int32_t()>(runtime_, name)()); };
  version_ = describe(family, part("getInferLibMajorVersion"), part("getInferLibMinorVersion"),
                      part("getInferLibPatchVersion"));
  return true;
}

const Library& Library::open() {
  static const Library library;
  return library;
}

std::unique_ptr<nvinfer1::IBuilder> Library::make_builder(nvinfer1::ILogger& logger) const {
  const std::int32_t number = symbol<std::int32_t()>(runtime_, "getInferLibVersion")();
  void* made = symbol<void*(void*, std::int32_t)>(runtime_, "createInferBuilder_INTERNAL")(
      &logger, interface_number(*family_, number));
  require(made != nullptr, ErrorKind::kWrongDevice, "[tensorrt] {} does not start here", version_);
  return std::unique_ptr<nvinfer1::IBuilder>(static_cast<nvinfer1::IBuilder*>(made));
}

std::unique_ptr<nvonnxparser::IParser> Library::make_parser(nvinfer1::INetworkDefinition& network,
                                                            nvinfer1::ILogger& logger) const {
  void* made = symbol<void*(void*, void*, int)>(parser_, "createNvOnnxParser_INTERNAL")(&network, &logger,
                                                                                        NV_ONNX_PARSER_VERSION);
  require(made != nullptr, ErrorKind::kDevice, "[tensorrt] {} gives no ONNX parser", version_);
  return std::unique_ptr<nvonnxparser::IParser>(static_cast<nvonnxparser::IParser*>(made));
}

}  // namespace fovea::tensorrt
