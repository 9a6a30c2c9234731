#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <memory>
#include <string>

#include "backend/tensorrt/version.h"

namespace fovea::tensorrt {

/// TensorRT's shared libraries, opened at run time: in the folder that FOVEA_TENSORRT names, else where the loader
/// looks.
class Library {
 public:
  /// Once per process; kWrongDevice naming the files that were looked for.
  static const Library& open();
  /// kWrongDevice where the library refuses (no GPU, too old a driver), with its words.
  std::unique_ptr<nvinfer1::IBuilder> make_builder(nvinfer1::ILogger& logger) const;
  std::unique_ptr<nvonnxparser::IParser> make_parser(nvinfer1::INetworkDefinition& network,
                                                     nvinfer1::ILogger& logger) const;
  std::unique_ptr<nvinfer1::IRuntime> make_runtime(nvinfer1::ILogger& logger) const;
  std::unique_ptr<nvinfer1::IRefitter> make_refitter(nvinfer1::ICudaEngine& engine, nvinfer1::ILogger& logger) const;
  std::unique_ptr<nvonnxparser::IParserRefitter> make_parser_refitter(nvinfer1::IRefitter& refitter,
                                                                      nvinfer1::ILogger& logger) const;
  const std::string& version() const { return version_; }  ///< for people, with what the library is for
  const std::string& name() const { return name_; }        ///< "TensorRT-RTX 1.7.1": plans are for exactly that
  std::string_view capabilities() const { return family_->capabilities; }
  bool runs_on(int capability) const { return tensorrt::runs_on(*family_, capability); }
  bool times_tactics() const { return !family_->rtx; }  ///< RTX times at first use, on the GPU: its cache holds nothing

 private:
  Library();
  bool try_family(const Family& family, const std::string& folder, std::string& complaints);

  const Family* family_ = nullptr;
  void *runtime_ = nullptr, *parser_ = nullptr;
  std::int32_t interface_ = 0;
  std::string version_, name_;
};

}  // namespace fovea::tensorrt
