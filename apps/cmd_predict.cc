#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/cancel.h"
#include "base/io/file.h"
#include "base/log/log.h"
#include "classifier/classifier.h"
#include "classifier/prediction_json.h"
#include "classifier/trace.h"
#include "common.h"
#include "data/dataset.h"
#include "option_groups.h"
#include "report/trace.h"
#include "subcommands.h"

namespace fovea::apps {
namespace {

struct Options {
  std::filesystem::path engine, list, trace;
  std::vector<std::string> inputs;
  int top = 5;
  int device = 0;
  DataSettings data;
  Common common;
};

/// What to classify: "-" is one image on standard input, a folder means the images in it and below.
std::vector<std::string> expand(const Options& options) {
  std::vector<std::string> given = options.inputs;
  if (!options.list.empty()) {
    std::ifstream lines(options.list);
    require(lines.good(), ErrorKind::kNotFound, "cannot open {}", options.list.string());
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) given.push_back(line);
    }
  }
  std::vector<std::string> files;
  std::error_code code;
  for (const std::string& entry : given) {
    if (entry == "-" || !std::filesystem::is_directory(entry, code)) {
      files.push_back(entry);
      continue;
    }
    const std::vector<std::filesystem::path> images = image_files(entry);
    require(!images.empty(), ErrorKind::kInvalidArgument,
            "{} holds no image (*.jpg, jpeg, png, webp, bmp, in it or below)", entry);
    for (const std::filesystem::path& file : images) files.push_back(file.string());
  }
  require(!files.empty(), ErrorKind::kUsage, "nothing to classify: give an image, a folder or - (standard input)");
  return files;
}

Bytes read_input(const std::string& name, std::uint64_t most) {
  if (name != "-") return read_file(name, most);
  Bytes bytes;
  std::array<char, 65536> part;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, part.data(), part.size());
    throw_if_cancelled();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorKind::kInvalidArgument, "cannot read standard input: {}", std::strerror(errno));
    if (got == 0) break;
    const auto* begin = reinterpret_cast<const std::byte*>(part.data());
    bytes.insert(bytes.end(), begin, begin + got);
    require(bytes.size() <= most, ErrorKind::kInvalidArgument, "standard input has more than {} bytes", most);
  }
  return bytes;
}

/// Names of the traces, in the order of the images: the photo's own; with its number where another has the same.
class TraceNames {
 public:
  std::string next(const std::string& file) {
    const std::string stem = file == "-" ? "stdin" : std::filesystem::path(file).stem().string();
    std::string name = stem;
    for (int times = 2; !given_.insert(name).second; ++times) name = fmt::format("{} ({})", stem, times);
    return name;
  }

 private:
  std::set<std::string> given_;
};

void write_trace(const Classifier& classifier, const std::string& name, const std::string& stem, const Bytes& encoded,
                 const Options& options) {
  const nlohmann::ordered_json json = to_json(trace_prediction(classifier, encoded));
  nlohmann::ordered_json whole = json;
  whole["schema"] = 1;
  write_atomic(options.trace / (stem + ".json"),
               whole.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  Trace trace;
  trace.title = name;
  StageTrace& stage = trace.stages.emplace_back();
  stage.id = "prediction";
  stage.title = "Prediction";
  stage.details = json;
  stage.details["file"] = name;
  write_atomic(options.trace / (stem + ".html"), render_page(to_json(trace)));
}

int run(Options& options) {
  options.common.apply();
  ClassifierOptions loading;
  loading.threads = options.common.threads;
  loading.device_index = options.device;
  loading.limits = options.data.limits;
  const std::vector<std::string> files = expand(options);
  const Classifier classifier = Classifier::load(options.engine, loading);
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  TraceNames names;
  int failed = 0;
  for (const std::string& file : files) {
    throw_if_cancelled();
    std::string line;
    try {
      const Bytes encoded = read_input(file, options.data.limits.max_bytes);
      const Prediction prediction = classifier.predict(encoded);
      if (!std::ranges::all_of(prediction.probabilities, [](float p) { return std::isfinite(p); }))
        log_warning("{}: the engine gives NaN or infinite probabilities", file);
      if (!options.trace.empty()) write_trace(classifier, file, names.next(file), encoded, options);
      line = fmt::format("{}\t{}\n", file, probabilities_line(prediction));
      results.push_back(prediction_json(file, prediction, options.top));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled || error.kind() == ErrorKind::kDevice) throw;
      log_line(LogLevel::kError, fmt::format("error: {}: {}", file, error.message()));
      results.push_back(prediction_json(file, error));
      ++failed;
    }
    if (!line.empty()) options.common.say(line);  // outside: that nothing can be printed is no fault of the image
  }
  options.common.finish(results);
  return failed > 0 ? 3 : 0;
}

}  // namespace

std::function<int()> define_predict(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  arguments.option("--engine", options->engine, "The engine").required();
  arguments.option("images", options->inputs, "Images, folders, or - for one image on standard input");
  arguments.option("--list", options->list, "File with one image path a line");
  arguments.option("--top", options->top, "How many classes \"top\" lists").between(1, 1000);
  arguments.option("--trace", options->trace,
                   "Folder for a page and a JSON per image: every layer, what it saw, how long it took");
  declare_limits(arguments, options->data);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea predict --engine model.engine photo.jpg\n"
      "  fovea predict --engine model.engine holiday/ --json predictions.json\n"
      "  curl -s https://example.org/cat.jpg | fovea predict --engine model.engine -\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
