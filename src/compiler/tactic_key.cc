#include "compiler/tactic_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/text.h"

namespace fovea {
namespace {

/// Which operands share their scale decides what a tactic has to do; the scale itself does not.
class KeyWriter {
 public:
  std::string operand(const OperandView& operand) {
    if (!operand.present) return "-";
    std::string key = fmt::format("{}:{}", name(operand.dtype), operand.shape.str());
    if (operand.layout != Layout::kPlain) key += fmt::format(":{}", name(operand.layout));
    if (operand.quant) key += quantization(*operand.quant);
    if (operand.constant) key += ":const";
    return key;
  }

 private:
  std::string quantization(const Quantization& quant) {
    const bool shifted = std::ranges::any_of(quant.zero_point, [](std::int32_t z) { return z != 0; });
    auto found = std::ranges::find(seen_, quant);
    const auto number = found - seen_.begin();
    if (found == seen_.end()) seen_.push_back(quant);
    return fmt::format(":q{}{}{}", number, quant.axis < 0 ? "" : "c", shifted ? "z" : "");
  }
  std::vector<Quantization> seen_;
};

/// A region's nodes with their quantisations numbered, as those of operands are.
std::string body_key(const std::string& body) {
  std::vector<std::string> seen;
  std::string key;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t begin = std::min(body.find('@', at), body.size());
    const std::size_t end = std::min(body.find(' ', begin), body.size());
    key += body.substr(at, begin - at);
    if (begin < body.size()) {
      const auto found = std::ranges::find(seen, body.substr(begin, end - begin));
      key += fmt::format("@q{}", found - seen.begin());
      if (found == seen.end()) seen.push_back(body.substr(begin, end - begin));
    }
    at = end;
  }
  std::ranges::replace(key, '\n', ';');
  return key;
}

std::string op_key(const Op& op) {
  const auto* region = std::get_if<Region>(&op);
  if (region != nullptr && !region->body.text.empty()) return body_key(region->body.text);
  return print_attributes(op);
}

}  // namespace

std::string view_key(const NodeView& view) {
  std::string key(name(view.op));
  if (const std::string attributes = op_key(view.op); !attributes.empty()) key.append(" ").append(attributes);
  KeyWriter write;
  for (const OperandView& input : view.inputs) key.append(" ").append(write.operand(input));
  key += " ->";
  for (const OperandView& output : view.outputs) key.append(" ").append(write.operand(output));
  return key + fmt::format(" threads={}", view.threads);
}

std::string tactic_key(const NodeView& view, const DeviceInfo& device, std::string_view tactic, const Config& config) {
  return fmt::format("{} | {} {} | {}", view_key(view), tactic, config.str(), device.tuning_key());
}

}  // namespace fovea
