#include "subcommands.h"

#include <array>

namespace fovea::apps {

std::span<const Subcommand> subcommands() {
  static constexpr std::array<Subcommand, 12> kSubcommands = {{
      {"run", "All seven stages: photos in, a trained CNN, an engine, the proof and a prediction", define_run},
      {"synth", "Make the demo's data: drawn cats, dogs and birds", define_synth},
      {"train", "Train or fine-tune a CNN on a folder of photos", define_train},
      {"build", "Optimise a model into an engine", define_build},
      {"eval", "Accuracy and latency of an engine or a model", define_eval},
      {"compare", "The plain model against its engine: accuracy and latency, interleaved", define_compare},
      {"predict", "Classify images", define_predict},
      {"bench", "Latency and throughput", define_bench},
      {"inspect", "What a model or an engine is, and why", define_inspect},
      {"export", "Models for other runtimes", define_export},
      {"refit", "New weights into an engine", define_refit},
      {"serve", "The server and its web page", define_serve},
  }};
  return kSubcommands;
}

}  // namespace fovea::apps
