#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

// Internal: the classifier that a linear probe finds on frozen features.
namespace fovea::train {

struct Probe {
  at::Tensor weight;         ///< f32 [classes, features]
  at::Tensor bias;           ///< f32 [classes]
  double penalty = 0;        ///< chosen L2 penalty, of features scaled to one deviation each, norm 1 on average
  double held_out_accuracy;  ///< of that penalty, on images that the fit did not see
};

struct ProbeData {
  at::Tensor features;     ///< f32 [n, d] on the CPU
  at::Tensor labels;       ///< i64 [n]
  std::int64_t views = 1;  ///< row i shows image i modulo n / views; views of an image are held out together
  std::int64_t classes = 2;
  double label_smoothing = 0;
};

/// Multinomial logistic regression with an L2 penalty by accelerated gradient descent (Nesterov 1983). The penalty is
/// the one that classifies held-out images best: cross-validation in `folds` parts by a fixed pattern, images in the
/// order given (shuffle them), so that the same data give the same probe.
Probe fit_probe(const ProbeData& data);

}  // namespace fovea::train
