#include "graph/ops/region.h"

#include "graph/ops/rules.h"

namespace fovea {

std::vector<ValueType> infer_types(const Region& op, std::span<const OperandType> inputs) {
  expect_inputs("region", inputs, 1, 1);
  const Shape& x = inputs[0].type.shape;
  expect(x.rank() >= 1, "region", "input is {}, expected [n, ...]", x.str());
  expect(op.classes >= 1 && op.macs >= 0, "region", "{} classes, {} macs", op.classes, op.macs);
  return one({DType::kF32, {x[0], op.classes}});
}

std::vector<Tensor> compute_reference(const Region&, std::span<const Tensor>) {
  fail(ErrorKind::kUnsupported, "[region] only the device that it was compiled for knows what it computes");
}

}  // namespace fovea
