#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace fovea {

/// Which images train and which validate, by content: it travels with models and engines as JSON text, so that another
/// machine, with the files renamed, still never validates on a training image.
struct DataSplit {
  std::uint64_t seed = 1;
  double fraction = 0.2;                ///< of each class, for validation
  std::vector<std::string> train, val;  ///< content hashes, sorted; the same content never stands in both
};

/// Deterministic, stratified by class (a class with one image goes to training), duplicates kept together. A dataset
/// with train/ and val/ folders keeps them.
DataSplit make_split(const Dataset& dataset, double fraction, std::uint64_t seed);
/// `known` with the images that it does not know split by make_split: what trained once never validates.
DataSplit extend_split(const Dataset& dataset, const DataSplit& known, double fraction, std::uint64_t seed);
std::string to_json_text(const DataSplit& split);
DataSplit split_from_json_text(const std::string& text);  ///< kCorruptFile

enum class Part { kTrain, kVal, kAll };
/// Indices of the samples whose content the split knows for `part`; kAll: every sample.
std::vector<int> part_of(const Dataset& dataset, const DataSplit& split, Part part);
bool knows_any(const Dataset& dataset, const DataSplit& split);
/// `count` of the samples `from`, drawn by seed, spread over the classes; all of them when there are fewer.
std::vector<int> draw(const Dataset& dataset, const std::vector<int>& from, int count, std::uint64_t seed);

}  // namespace fovea
