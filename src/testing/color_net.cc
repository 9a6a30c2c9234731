#include "testing/color_net.h"

#include "graph/builder.h"

namespace fovea {
namespace {

/// `on` on the diagonal, `off` beside it; columns past the third are 0.
Tensor weights(std::int64_t rows, std::int64_t columns, float on, float off) {
  Tensor made = Tensor::zeros(DType::kF32, {rows, columns, 1, 1});
  for (std::int64_t r = 0; r < 3; ++r)
    for (std::int64_t c = 0; c < 3; ++c)
      made.data<float>()[static_cast<std::size_t>(r * columns + c)] = r == c ? on : off;
  return made;
}

}  // namespace

Graph color_net(const ColorNetOptions& options) {
  GraphBuilder build;
  const std::int64_t inner = options.overflows_in_bf16 ? 4 : 3;
  const ValueId image = build.input("image", {1, 3, kColorSide, kColorSide});
  const ValueId w1 = build.constant("w1", weights(inner, 3, 1, 0));
  std::vector<float> offsets = {0.5F, 0.5F, 0.5F, 3.4e38F};
  offsets.resize(static_cast<std::size_t>(inner));
  const ValueId b1 = build.constant("b1", Tensor::of<float>({inner}, offsets));
  ValueId x = build.relu("relu1", build.node(Conv2d{}, {image, w1, b1}, "conv1"));
  const ValueId w2 = build.constant("w2", weights(3, inner, 2, -1));
  x = build.node(Conv2d{}, {x, w2}, "conv2");
  x = build.flatten("flat", build.global_average_pool("gap", x));
  const ValueId w3 = build.constant("w3", weights(3, 3, 4, 0).reshaped({3, 3}));
  return build.finish({build.node(Gemm{}, {x, w3}, "fc")});
}

}  // namespace fovea
