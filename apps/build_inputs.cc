#include "build_inputs.h"

#include "base/error.h"
#include "base/log/log.h"

namespace fovea::apps {

BuildInputs read_build_inputs(const std::filesystem::path& model, int size, const DataSettings& data,
                              BuildSettings& build) {
  BuildInputs inputs;
  inputs.source = load_source(model, build.preprocess, size);
  inputs.photos = read_data_of(inputs.source, data);
  if (inputs.photos && inputs.photos->val.empty()) log_warning("no validation images: nothing is proven");
  build.seed = data.seed;
  build.limits = data.limits;
  return inputs;
}

void require_other_file(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code code;
  require(!std::filesystem::equivalent(in, out, code), ErrorKind::kUsage, "--out {} would replace the model",
          out.string());
  require(!std::filesystem::is_directory(out, code), ErrorKind::kUsage, "--out {} is a folder", out.string());
}

}  // namespace fovea::apps
