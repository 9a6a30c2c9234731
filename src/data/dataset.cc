#include "data/dataset.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "base/parallel/parallel.h"

namespace fovea {
namespace fs = std::filesystem;
namespace {

bool is_image_name(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kEndings = {".jpg", ".jpeg", ".png", ".webp", ".bmp"};
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kEndings, ending) != kEndings.end() && !path.filename().string().starts_with(".");
}

std::vector<fs::path> folders_in(const fs::path& root) {
  std::vector<fs::path> found;
  std::error_code code;
  for (fs::directory_iterator it(root, code), end; !code && it != end; it.increment(code))
    if (it->is_directory(code) && !it->path().filename().string().starts_with(".")) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

struct ClassFolder {
  fs::path path;
  bool val = false;
};

std::string lower_name(const fs::path& path) {
  std::string name = path.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

/// What data sets call their parts; the earlier name of what is kept for validation wins.
constexpr std::array<std::string_view, 2> kTraining = {"train", "training"};
constexpr std::array<std::string_view, 5> kHeldOut = {"val", "valid", "validation", "test", "testing"};

/// The first of `names` that is a folder with folders in it; empty: none.
fs::path part_named(const std::vector<fs::path>& folders, std::span<const std::string_view> names) {
  for (const std::string_view name : names)
    for (const fs::path& folder : folders)
      if (lower_name(folder) == name && !folders_in(folder).empty()) return folder;
  return {};
}

/// The class folders of `root`, looking through parts above the classes (train/ and val/, valid/, test/, …): a pair of
/// them, or one alone.
std::vector<ClassFolder> class_folders(const fs::path& root, bool& own_split) {
  const std::vector<fs::path> folders = folders_in(root);
  const fs::path train = part_named(folders, kTraining), held_out = part_named(folders, kHeldOut);
  const bool pair = !train.empty() && !held_out.empty();
  const bool alone = folders.size() == 1 && !(train.empty() && held_out.empty());
  own_split = (pair || alone) && !held_out.empty();
  std::vector<ClassFolder> found;
  if (!pair && !alone) {
    for (const fs::path& folder : folders) found.push_back({folder, false});
    return found;
  }
  for (const fs::path& part : {train, held_out})
    if (!part.empty())
      for (const fs::path& folder : folders_in(part)) found.push_back({folder, part == held_out});
  if (pair)
    log_info("{}: its own split, {}/ trains and {}/ validates", root.string(), train.filename().string(),
             held_out.filename().string());
  for (const fs::path& folder : folders)
    if (folder != train && folder != held_out)
      log_warning("{}: {}/ is beside the parts of the split and is left out", root.string(),
                  folder.filename().string());
  return found;
}

/// Reads each file once for its hash; files that can't be read or are too large become `skipped`.
void hash_samples(Dataset& dataset, const DecodeLimits& limits) {
  std::vector<std::string> reasons(dataset.samples.size());
  parallel_for(
      static_cast<std::int64_t>(dataset.samples.size()),
      [&](std::int64_t i) {
        throw_if_cancelled();
        Sample& sample = dataset.samples[static_cast<std::size_t>(i)];
        try {
          const Bytes bytes = read_file(sample.file, limits.max_bytes);
          sample.bytes = bytes.size();
          sample.hash = content_hash(bytes);
        } catch (const Error& error) {
          reasons[static_cast<std::size_t>(i)] = error.message();
        }
      },
      0, 16);
  std::vector<Sample> kept;
  std::vector<int> own_val;
  std::size_t next_val = 0;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    const bool val = next_val < dataset.own_val.size() && dataset.own_val[next_val] == static_cast<int>(i);
    next_val += val ? 1 : 0;
    if (reasons[i].empty()) {
      if (val) own_val.push_back(static_cast<int>(kept.size()));
      kept.push_back(std::move(dataset.samples[i]));
    } else {
      log_warning("skipped {}: {}", dataset.samples[i].file.string(), reasons[i]);
      dataset.skipped.push_back({dataset.samples[i].file, reasons[i]});
    }
  }
  dataset.samples = std::move(kept);
  dataset.own_val = std::move(own_val);
}

}  // namespace

std::vector<fs::path> image_files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code), end;
       !code && it != end; it.increment(code))
    if (is_image_name(it->path()) && it->is_regular_file(code)) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

Dataset open_folder(const fs::path& root, const DatasetOptions& options) {
  std::error_code code;
  require(fs::exists(root, code), ErrorKind::kNotFound, "[data] no such folder: {}", root.string());
  require(fs::is_directory(root, code), ErrorKind::kInvalidArgument, "[data] {} is not a folder", root.string());
  Dataset dataset;
  dataset.root = root;
  std::vector<std::pair<ClassFolder, std::vector<fs::path>>> found;
  std::set<std::string> names;
  for (const ClassFolder& folder : class_folders(root, dataset.has_own_split)) {
    std::vector<fs::path> files = image_files(folder.path);
    if (files.empty()) continue;
    names.insert(folder.path.filename().string());
    found.emplace_back(folder, std::move(files));
  }
  require(!names.empty(), ErrorKind::kInvalidArgument,
          "[data] {} has no class folder with images (expected DIR/<class>/*.jpg, jpeg, png, webp or bmp)",
          root.string());
  require(static_cast<int>(names.size()) >= options.min_classes, ErrorKind::kInvalidArgument,
          "[data] {} has one class ({}), a classifier needs at least two", root.string(), *names.begin());
  dataset.classes.assign(names.begin(), names.end());
  for (const auto& [folder, files] : found) {
    const auto label = std::ranges::lower_bound(dataset.classes, folder.path.filename().string());
    for (const fs::path& file : files) {
      if (folder.val) dataset.own_val.push_back(static_cast<int>(dataset.samples.size()));
      dataset.samples.push_back({file, static_cast<int>(label - dataset.classes.begin()), 0, {}});
    }
  }
  hash_samples(dataset, options.limits);
  require(!dataset.samples.empty(), ErrorKind::kInvalidArgument, "[data] no image of {} can be read", root.string());
  return dataset;
}

}  // namespace fovea
