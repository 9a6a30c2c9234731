#pragma once

#include <NvInfer.h>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log/progress.h"

namespace fovea::tensorrt {

/// Keeps TensorRT's warnings and errors, and the lines that describe the layers it made.
class Log final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* text) noexcept override;
  std::vector<std::string> warnings() const;
  std::vector<std::string> layers() const;
  std::string errors() const;  ///< in one line

 private:
  void add_layers(std::string_view lines);
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_, errors_, layers_;
};

/// Logs the phases, shows the steps of the outermost one as a bar, and ends the build after Ctrl-C.
class Monitor final : public nvinfer1::IProgressMonitor {
 public:
  void phaseStart(const char* phase, const char* parent, std::int32_t steps) noexcept override;
  bool stepComplete(const char* phase, std::int32_t step) noexcept override;
  void phaseFinish(const char* phase) noexcept override;

 private:
  std::mutex mutex_;
  std::string outermost_;
  std::optional<Progress> bar_;
};

}  // namespace fovea::tensorrt
