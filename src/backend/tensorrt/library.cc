#include "backend/tensorrt/library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "base/error.h"

namespace fovea::tensorrt {
namespace {

template <typename Function>
Function* symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  require(found != nullptr, ErrorKind::kWrongDevice, "[tensorrt] the library has no {}", name);
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
  fail(ErrorKind::kWrongDevice, "[tensorrt] the library is not found (looked for {}; FOVEA_TENSORRT=FOLDER says where)",
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
  name_ = version_.substr(0, version_.find(" ("));
  interface_ = interface_number(family, symbol<std::int32_t()>(runtime_, "getInferLibVersion")());
  return true;
}

const Library& Library::open() {
  static const Library library;
  return library;
}

std::unique_ptr<nvinfer1::IBuilder> Library::make_builder(nvinfer1::ILogger& logger) const {
  void* made = symbol<void*(void*, std::int32_t)>(runtime_, "createInferBuilder_INTERNAL")(&logger, interface_);
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

std::unique_ptr<nvinfer1::IRuntime> Library::make_runtime(nvinfer1::ILogger& logger) const {
  void* made = symbol<void*(void*, std::int32_t)>(runtime_, "createInferRuntime_INTERNAL")(&logger, interface_);
  require(made != nullptr, ErrorKind::kWrongDevice, "[tensorrt] {} does not start here", version_);
  return std::unique_ptr<nvinfer1::IRuntime>(static_cast<nvinfer1::IRuntime*>(made));
}

std::unique_ptr<nvinfer1::IRefitter> Library::make_refitter(nvinfer1::ICudaEngine& engine,
                                                            nvinfer1::ILogger& logger) const {
  void* made =
      symbol<void*(void*, void*, std::int32_t)>(runtime_, "createInferRefitter_INTERNAL")(&engine, &logger, interface_);
  require(made != nullptr, ErrorKind::kUnsupported, "[tensorrt] {} does not refit this plan", version_);
  return std::unique_ptr<nvinfer1::IRefitter>(static_cast<nvinfer1::IRefitter*>(made));
}

std::unique_ptr<nvonnxparser::IParserRefitter> Library::make_parser_refitter(nvinfer1::IRefitter& refitter,
                                                                             nvinfer1::ILogger& logger) const {
  void* made = symbol<void*(void*, void*, std::int32_t)>(parser_, "createNvOnnxParserRefitter_INTERNAL")(
      &refitter, &logger, NV_ONNX_PARSER_VERSION);
  require(made != nullptr, ErrorKind::kDevice, "[tensorrt] {} gives no refitter of ONNX files", version_);
  return std::unique_ptr<nvonnxparser::IParserRefitter>(static_cast<nvonnxparser::IParserRefitter*>(made));
}

}  // namespace fovea::tensorrt
