#include "train/eager.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "train/convert.h"
#include "train/device.h"
#include "train/network.h"

namespace fovea::train {
namespace {

/// fp32, NCHW memory, every node a call of its own, activations in place as torchvision's models have them.
class EagerRunner final : public Runner {
 public:
  EagerRunner(const Graph& graph, const PreprocessSpec& spec, bool logits_out, int threads, const std::string& device)
      : spec_(spec),
        logits_out_(logits_out),
        threads_(threads),
        device_(device_from(device)),
        network_(graph, {device_, false}) {
    require(graph.inputs().size() == 1 && !graph.outputs().empty(), ErrorKind::kUnsupported,
            "[eager] the graph has {} inputs and {} outputs, expected 1 and 1", graph.inputs().size(),
            graph.outputs().size());
    const Value& output = graph.value(graph.outputs()[0]);
    takes_pixels_ = graph.value(graph.inputs()[0]).dtype == DType::kU8;
    classes_ = static_cast<int>(output.shape.elements() / std::max<std::int64_t>(graph.batch(), 1));
  }

  const PreprocessSpec& preprocess() const override { return spec_; }
  int classes() const override { return classes_; }
  std::string description() const override { return "LibTorch eager, fp32, " + device_text(device_); }

  void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) override {
    const std::size_t expected = static_cast<std::size_t>(n) * static_cast<std::size_t>(classes_);
    require(probabilities.size() >= expected, ErrorKind::kInvalidArgument,
            "[eager] room for {} probabilities given, expected {}", probabilities.size(), expected);
    guarded([&] {
      const c10::InferenceMode inference;
      const ThreadScope threads(threads_);
      const at::Tensor result = forward(pixel_view(pixels, n, spec_).to(device_)).to(at::kCPU, at::kFloat).contiguous();
      require(static_cast<std::size_t>(result.numel()) == expected, ErrorKind::kInternal,
              "[eager] {} numbers came out, expected {}", result.numel(), expected);
      std::copy_n(result.const_data_ptr<float>(), expected, probabilities.begin());
    });
  }

 private:
  at::Tensor forward(const at::Tensor& pixels) {
    const at::Tensor input =
        takes_pixels_ ? pixels : normalized(pixels, {spec_.scale, spec_.mean, spec_.std}).contiguous();
    const at::Tensor output = network_.forward(std::array{input}, false)[0].flatten(1);
    return logits_out_ ? at::softmax(output, 1) : output;
  }

  PreprocessSpec spec_;
  bool logits_out_, takes_pixels_ = false;
  int threads_, classes_ = 0;
  at::Device device_;
  Network network_;
};

}  // namespace

std::unique_ptr<Runner> make_eager(const Graph& graph, const PreprocessSpec& spec, bool logits_out, int threads,
                                   const std::string& device) {
  std::unique_ptr<Runner> runner;
  guarded([&] { runner = std::make_unique<EagerRunner>(graph, spec, logits_out, threads, device); });
  return runner;
}

}  // namespace fovea::train
