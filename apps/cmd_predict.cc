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
#include <optional>
#include <set>
#include <span>

#include "base/cancel.h"
#include "base/io/file.h"
#include "base/json_text.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "base/parallel/parallel.h"
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

constexpr std::size_t kDecoderPays = 256;  ///< photos from which on making a device's decoder takes less than they do

struct Options {
  std::filesystem::path engine, list, trace;
  std::vector<std::string> inputs;
  std::string decode = "auto";
  int top = 5;
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
  write_atomic(options.trace / (stem + ".json"), json_text(whole, 1) + "\n");
  Trace trace;
  trace.title = name;
  StageTrace& stage = trace.stages.emplace_back();
  stage.id = "prediction";
  stage.title = "Prediction";
  stage.details = json;
  stage.details["file"] = name;
  write_atomic(options.trace / (stem + ".html"), render_page(to_json(trace)));
}

/// An input with what it holds, or why it can't be read.
struct Input {
  std::string name;
  Bytes encoded;
  std::optional<Error> error;
};

bool ends_everything(const Error& error) {
  return error.kind() == ErrorKind::kCancelled || error.kind() == ErrorKind::kDevice;
}

/// The next inputs to be decoded on all cores and run together: some for every core, of bounded size.
std::vector<Input> read_some(std::span<const std::string> files, std::uint64_t most_bytes) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20U;
  const auto most = static_cast<std::size_t>(std::clamp(4 * default_threads(), 8, 32));
  std::vector<Input> inputs;
  std::uint64_t bytes = 0;
  for (const std::string& file : files.first(std::min(most, files.size()))) {
    throw_if_cancelled();
    Input& input = inputs.emplace_back(Input{file, {}, {}});
    try {
      input.encoded = read_input(file, most_bytes);
    } catch (const Error& error) {
      if (ends_everything(error)) throw;
      input.error = error;
    }
    bytes += input.encoded.size();
    if (bytes >= kMostBytes) break;
  }
  return inputs;
}

/// By input; one image alone as a service would run it, many in the engine's batch profiles.
std::vector<Outcome> classify(const Classifier& classifier, const std::vector<Input>& inputs) {
  std::vector<std::span<const std::byte>> readable;
  for (const Input& input : inputs)
    if (!input.error) readable.emplace_back(input.encoded);
  std::vector<Outcome> predicted = classifier.predict_each(readable);
  std::vector<Outcome> outcomes;
  auto next = predicted.begin();
  for (const Input& input : inputs) outcomes.push_back(input.error ? Outcome{{}, input.error} : std::move(*next++));
  return outcomes;
}

class Predictor {
 public:
  explicit Predictor(const Options& options, const Classifier& classifier)
      : options_(options), classifier_(classifier) {}

  void take(const Input& input, const Outcome& outcome) {
    if (outcome.error) return refuse(input, *outcome.error);
    const Prediction& prediction = outcome.prediction;
    if (!std::ranges::all_of(prediction.probabilities, [](float p) { return std::isfinite(p); }))
      log_warning("{}: the engine gives NaN or infinite probabilities", input.name);
    try {
      if (!options_.trace.empty())
        write_trace(classifier_, input.name, names_.next(input.name), input.encoded, options_);
    } catch (const Error& error) {
      return refuse(input, error);
    }
    results_.push_back(prediction_json(input.name, prediction, options_.top));
    Progress::hide_all();
    options_.common.say(fmt::format("{}\t{}\n", input.name, probabilities_line(prediction)));
  }

  int finish() const {
    options_.common.finish(results_);
    return failed_ > 0 ? 3 : 0;
  }

 private:
  void refuse(const Input& input, const Error& error) {
    if (ends_everything(error)) throw error;
    log_line(LogLevel::kError, fmt::format("error: {}: {}", input.name, error.message()));
    results_.push_back(prediction_json(input.name, error));
    ++failed_;
  }

  const Options& options_;
  const Classifier& classifier_;
  TraceNames names_;
  nlohmann::ordered_json results_ = nlohmann::ordered_json::array();
  int failed_ = 0;
};

int run(Options& options) {
  options.common.apply();
  ClassifierOptions loading;
  loading.threads = options.common.threads;
  loading.limits = options.data.limits;
  const std::vector<std::string> files = expand(options);
  loading.decode = decode_on_from_name(options.decode);
  if (loading.decode == DecodeOn::kAuto && files.size() < kDecoderPays) loading.decode = DecodeOn::kCpu;
  const Classifier classifier = Classifier::load(options.engine, loading);
  Predictor predictor(options, classifier);
  Progress progress("predict", static_cast<std::int64_t>(files.size()), "images");
  for (std::size_t done = 0; done < files.size();) {
    const std::vector<Input> inputs = read_some(std::span(files).subspan(done), options.data.limits.max_bytes);
    const std::vector<Outcome> outcomes = classify(classifier, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) predictor.take(inputs[i], outcomes[i]);
    progress.advance(static_cast<std::int64_t>(inputs.size()));
    done += inputs.size();
  }
  return predictor.finish();
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
  arguments
      .option("--decode", options->decode,
              "Who decodes JPEGs: auto is, for 256 photos and more, the engine's device where it can")
      .one_of({"auto", "cpu", "device"});
  declare_limits(arguments, options->data);
  options->common.declare(arguments);
  arguments.examples(
      "  fovea predict --engine model.engine photo.jpg\n"
      "  fovea predict --engine model.engine holiday/ --json predictions.json\n"
      "  curl -s https://example.org/cat.jpg | fovea predict --engine model.engine -\n");
  return [options] { return run(*options); };
}

}  // namespace fovea::apps
