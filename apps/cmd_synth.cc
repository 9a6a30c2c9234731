#include <nlohmann/json.hpp>

#include "common.h"
#include "data/synth.h"
#include "subcommands.h"

namespace fovea::apps {

std::function<int()> define_synth(Arguments& arguments) {
  struct Options {
    SynthOptions synth;
    Common common;
  };
  auto options = std::make_shared<Options>();
  arguments.option("--out", options->synth.out, "Folder to make").required();
  arguments.option("--images", options->synth.images, "How many pictures").between(3, 1e6);
  arguments.option("--size", options->synth.size, "Width and height").between(32, 2048);
  arguments.option("--seed", options->synth.seed, "Other seed, other pictures");
  options->common.declare(arguments);
  arguments.examples("  fovea synth --out animals\n  fovea synth --out animals --images 300 --size 128 --seed 7\n");
  return [options] {
    options->common.apply();
    options->synth.threads = options->common.threads;
    const SynthResult result = synthesize(options->synth);
    options->common.say(fmt::format("{} pictures of {} classes in {}\n", result.images, result.classes.size(),
                                    options->synth.out.string()));
    options->common.finish(nlohmann::json{{"schema", 1}, {"images", result.images}, {"classes", result.classes}});
    return 0;
  };
}

}  // namespace fovea::apps
