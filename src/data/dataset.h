#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/decode.h"

namespace fovea {

struct Sample {
  std::filesystem::path file;
  int label = -1;           ///< index into Dataset::classes
  std::uint64_t bytes = 0;  ///< size of the file
  std::string hash;         ///< content_hash of the file's bytes
};

/// One image that can't be used, with the reason; said in one line, counted, and never the end of a run.
struct SkippedImage {
  std::filesystem::path file;
  std::string reason;
};

/// A folder of photos: DIR/<class>/<image>, images at any depth below their class; `train/` (training) with
/// `val/` (valid, validation, else test, testing) above the classes are honoured, any case, and what stands beside them
/// is left out with a line that says so. Classes and samples in sorted order. Immutable once made.
struct Dataset {
  std::filesystem::path root;
  std::vector<std::string> classes;
  std::vector<Sample> samples;
  std::vector<SkippedImage> skipped;
  bool has_own_split = false;
  std::vector<int> own_val;  ///< indices of samples that stood below val/ (or what it is called)
};

struct DatasetOptions {
  DecodeLimits limits;
  int min_classes = 2;
};

/// kNotFound (no such folder), kInvalidArgument (no class, one class, no image), each naming what was found. Files with
/// another ending are ignored; whether an image decodes is known only when it is decoded, unless `check_decode` ran.
Dataset open_folder(const std::filesystem::path& root, const DatasetOptions& options = {});

/// Image files named *.jpg, jpeg, png, webp, bmp in any case below `folder`, sorted.
std::vector<std::filesystem::path> image_files(const std::filesystem::path& folder);

/// The classes of a model may not be the folders: a tab-separated file "class index<TAB>folder<TAB>name" maps each
/// folder to the model's class. Relabels the samples; classes become the model's (`class_count` of them).
/// kInvalidArgument.
struct ClassMap {
  struct Entry {
    int index;
    std::string folder, name;
  };
  std::vector<Entry> entries;
};
ClassMap read_class_map(const std::filesystem::path& file);
ClassMap parse_class_map(const std::string& json_or_tsv);
std::string to_json_text(const ClassMap& map);
void apply_class_map(Dataset& dataset, const ClassMap& map, int class_count);

}  // namespace fovea
