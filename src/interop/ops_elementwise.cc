// Functions of one value and of two.
#include <cmath>
#include <limits>

#include "base/error.h"
#include "interop/importer.h"

namespace fovea::interop {
namespace {

template <Function kFunction>
void unary(Importer& in) {
  in.emit(Unary{{kFunction}}, {in.input(0)});
}

template <Function kFunction>
void unary_with_alpha(Importer& in) {
  const float otherwise = kFunction == Function::kLeakyRelu ? 0.01F : 1.0F;
  in.emit(Unary{{kFunction, in.real("alpha", otherwise)}}, {in.input(0)});
}

void hard_sigmoid(Importer& in) {
  in.emit(Unary{{Function::kHardSigmoid, in.real("alpha", 0.2F), in.real("beta", 0.5F)}}, {in.input(0)});
}

void gelu(Importer& in) {
  const bool tanh = in.text("approximate", "none") == "tanh";
  in.emit(Unary{{tanh ? Function::kGeluTanh : Function::kGelu}}, {in.input(0)});
}

void swish(Importer& in) {
  if (in.real("alpha", 1) != 1.0F) in.unsupported("alpha is not 1");
  in.emit(Unary{{Function::kSilu}}, {in.input(0)});
}

/// Bounds: attributes before opset 11, inputs since; either may be left out.
void clip(Importer& in) {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  if (in.opset() < 11) {
    low = in.real("min", std::numeric_limits<float>::lowest());
    high = in.real("max", std::numeric_limits<float>::max());
  } else {
    if (in.has_input(1)) low = in.number(1, "min");
    if (in.has_input(2)) high = in.number(2, "max");
  }
  if (low > high) low = high;  // numpy.clip, and so ONNX: the upper bound wins
  in.emit(Unary{{Function::kClip, low, high}}, {in.input(0)});
}

void prelu(Importer& in) { in.emit(PRelu{}, {in.input(0), in.input(1)}); }

/// Before opset 7 `axis` said where the smaller operand stands; files that old are not read.
template <BinaryKind kKind>
void binary(Importer& in) {
  ValueId left = in.input(0);
  if (in.input_count() == 1) return in.emit(Identity{}, {left});
  for (int i = 1; i + 1 < in.input_count(); ++i) left = in.add(Binary{kKind, {}}, {left, in.input(i)});
  in.emit(Binary{kKind, {}}, {left, in.input(in.input_count() - 1)});
}

void identity(Importer& in) { in.emit(Identity{}, {in.input(0)}); }

void dropout(Importer& in) {
  if (in.has_input(2) && in.number(2, "training_mode") != 0) in.unsupported("training_mode is set");
  const float ratio = in.opset() < 12 ? in.real("ratio", 0.5F) : (in.has_input(1) ? in.number(1, "ratio") : 0.5F);
  in.emit(Dropout{ratio}, {in.input(0)});
}

constexpr HandlerRow kHandlers[] = {
    {"Relu", unary<Function::kRelu>},
    {"Sigmoid", unary<Function::kSigmoid>},
    {"Tanh", unary<Function::kTanh>},
    {"HardSwish", unary<Function::kHardSwish>},
    {"Erf", unary<Function::kErf>},
    {"Sqrt", unary<Function::kSqrt>},
    {"Exp", unary<Function::kExp>},
    {"Log", unary<Function::kLog>},
    {"Abs", unary<Function::kAbs>},
    {"Neg", unary<Function::kNeg>},
    {"Reciprocal", unary<Function::kReciprocal>},
    {"Softplus", unary<Function::kSoftplus>},
    {"Mish", unary<Function::kMish>},
    {"Floor", unary<Function::kFloor>},
    {"Ceil", unary<Function::kCeil>},
    {"Round", unary<Function::kRound>},
    {"LeakyRelu", unary_with_alpha<Function::kLeakyRelu>},
    {"Elu", unary_with_alpha<Function::kElu>},
    {"HardSigmoid", hard_sigmoid},
    {"Gelu", gelu},
    {"Swish", swish},
    {"Clip", clip},
    {"PRelu", prelu},
    {"Add", binary<BinaryKind::kAdd>},
    {"Sub", binary<BinaryKind::kSub>},
    {"Mul", binary<BinaryKind::kMul>},
    {"Div", binary<BinaryKind::kDiv>},
    {"Max", binary<BinaryKind::kMax>},
    {"Min", binary<BinaryKind::kMin>},
    {"Pow", binary<BinaryKind::kPow>},
    {"Sum", binary<BinaryKind::kAdd>},
    {"Identity", identity},
    {"Dropout", dropout},
};

}  // namespace

std::span<const HandlerRow> elementwise_handlers() { return kHandlers; }

}  // namespace fovea::interop
