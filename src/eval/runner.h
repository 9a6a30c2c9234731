#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "image/preprocess.h"

namespace fovea {

/// Pixels to probabilities: an engine, or LibTorch eager ("before"). One thread at a time.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual const PreprocessSpec& preprocess() const = 0;
  virtual int classes() const = 0;
  virtual std::string description() const = 0;
  /// `pixels`: n × h × w × c u8; `probabilities`: n × classes(), not checked for NaN.
  virtual void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) = 0;
};

}  // namespace fovea
