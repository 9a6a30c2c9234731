#include "train/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fovea::train {
namespace {

constexpr double kFlat = 0.01;    ///< relative change of the loss that counts as none
constexpr double kGap = 0.08;     ///< accuracy, training minus validation, that counts as over-fitting
constexpr double kFitted = 0.35;  ///< loss, as a part of that of guessing, below which the training images are fitted
constexpr double kGuess = 0.05;   ///< accuracy above guessing that counts as none

double relative_change(double now, double before) { return before > 0 ? (now - before) / before : 0; }

std::string first_loss(const EpochFigures& now, int classes) {
  const double guess = std::log(static_cast<double>(classes));
  if (now.accuracy < 1.0 / classes + kGuess && now.loss > guess * (1 - kFlat)) {
    return fmt::format("Loss {:.2f} is still that of guessing among {} classes ({:.2f})", now.loss, classes, guess);
  }
  if (now.loss > guess) {
    return fmt::format("Loss {:.2f} starts above that of guessing ({:.2f}), with {:.0f} % of the images right",
                       now.loss, guess, 100 * now.accuracy);
  }
  return fmt::format("Loss {:.2f} is already {:.0f} % below that of guessing ({:.2f})", now.loss,
                     100 * (1 - now.loss / guess), guess);
}

std::string loss_clause(std::span<const EpochFigures> epochs, int classes) {
  const EpochFigures& now = epochs.back();
  if (epochs.size() == 1) return first_loss(now, classes);
  const EpochFigures& before = epochs[epochs.size() - 2];
  const double change = relative_change(now.loss, before.loss);
  if (std::abs(change) < kFlat) return fmt::format("Loss stands at {:.2f}, a plateau", now.loss);
  const char* verb = change < 0 ? "fell" : "rose";
  return fmt::format("Loss {} {:.0f} % to {:.2f}", verb, std::max(1.0, 100 * std::abs(change)), now.loss);
}

/// Over-fitting shows in a validation loss that rises while the training loss falls, or in a gap that a fitted training
/// set has. While the training loss is still high, validation is behind for another reason: weights and the running
/// statistics of batch-norm have not settled.
bool fits_training(std::span<const EpochFigures> epochs, int classes) {
  const EpochFigures& now = epochs.back();
  if (now.loss < kFitted * std::log(static_cast<double>(classes))) return true;
  return epochs.size() > 1 && now.loss < epochs[epochs.size() - 2].loss &&
         now.val_loss > epochs[epochs.size() - 2].val_loss;
}

std::string gap_clause(std::span<const EpochFigures> epochs, int classes) {
  const EpochFigures& now = epochs.back();
  const double gap = now.accuracy - now.val_accuracy;
  if (gap > kGap && !fits_training(epochs, classes)) {
    return fmt::format("; validation is {:.0f} points behind training, whose loss is still high: not settled yet",
                       100 * gap);
  }
  if (gap > kGap) {
    return fmt::format("; training is {:.0f} points ahead of validation, a sign of over-fitting", 100 * gap);
  }
  if (gap < -kGap) {
    return fmt::format("; validation is {:.0f} points ahead of training, whose images are changed at random",
                       -100 * gap);
  }
  return fmt::format("; training and validation agree within {:.0f} points",
                     std::max(1.0, std::ceil(100 * std::abs(gap) - 1e-9)));
}

std::string validation_clause(std::span<const EpochFigures> epochs) {
  const EpochFigures& now = epochs.back();
  const auto before = epochs.first(epochs.size() - 1);
  const auto best = std::ranges::max_element(before, {}, &EpochFigures::val_accuracy);
  const double ahead = 100 * (now.val_accuracy - best->val_accuracy);
  const double percent = 100 * now.val_accuracy;
  if (ahead > 0.05)
    return fmt::format(", validation reaches {:.1f} %, {:.1f} points above its best so far", percent, ahead);
  if (ahead < -0.05)
    return fmt::format(", validation at {:.1f} % is {:.1f} points below epoch {}", percent, -ahead, best->epoch);
  return fmt::format(", validation stays at {:.1f} %", percent);
}

}  // namespace

std::string observe(std::span<const EpochFigures> epochs, int classes) {
  if (epochs.empty()) return {};
  const EpochFigures& now = epochs.back();
  std::string sentence = loss_clause(epochs, classes);
  sentence += epochs.size() == 1 ? fmt::format(", validation begins at {:.1f} %", 100 * now.val_accuracy)
                                 : validation_clause(epochs);
  return sentence + gap_clause(epochs, classes) + ".";
}

}  // namespace fovea::train
