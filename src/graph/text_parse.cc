#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/text.h"
#include "graph/text_elements.h"
#include "graph/text_numbers.h"
#include "graph/text_words.h"
#include "graph/verify.h"

namespace fovea {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 28;

/// The innermost messages have no prefix; this gives them their line.
template <typename Work>
void at_line(std::size_t line, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    fail(ErrorKind::kCorruptFile, "[graph text] line {}: {}", line, error.message());
  }
}

template <typename T>
T number(std::string_view text, std::string_view what) {
  T value{};
  require(read_number(text, value), ErrorKind::kCorruptFile, "'{}' is no {}", text, what);
  return value;
}

Shape read_shape(std::string_view text) {
  if (text == "scalar") return {};
  std::vector<std::int64_t> dims;
  for (bool more = true; more;) {
    more = text.find('x') != std::string_view::npos;
    dims.push_back(number<std::int64_t>(next_part(text, 'x'), "dimension"));
    require(dims.size() <= static_cast<std::size_t>(kMostAxes), ErrorKind::kCorruptFile, "more than {} dimensions",
            kMostAxes);
  }
  Shape shape(std::move(dims));
  shape.elements();  // refuses sizes out of range
  return shape;
}

Quantization read_quantization(LineScanner& line) {
  Quantization quant;
  const auto entry = [&](std::string_view scale) {
    quant.scale.push_back(number<float>(scale, "scale"));
    quant.zero_point.push_back(line.accept(':') ? number<std::int32_t>(line.number(), "zero point") : 0);
  };
  std::string_view first = line.number();
  if (!first.starts_with("axis")) {
    entry(first);
    return quant;
  }
  quant.axis = number<int>(first.substr(4), "axis");
  require(quant.axis >= 0, ErrorKind::kCorruptFile, "axis {} is negative", quant.axis);
  line.expect('[');
  do entry(line.number());
  while (line.accept(','));
  line.expect(']');
  return quant;
}

/// NAME: DTYPE SHAPE [@…]
Value read_declaration(LineScanner& line) {
  Value value;
  value.name = line.name();
  line.expect(':');
  const std::string_view type = line.bare();
  const std::optional<DType> dtype = dtype_from_name(type);
  require(dtype.has_value(), ErrorKind::kCorruptFile, "unknown type '{}'", type);
  value.dtype = *dtype;
  value.shape = read_shape(line.bare());
  if (line.accept('@')) value.quant = read_quantization(line);
  return value;
}

class Parser {
 public:
  void read_line(std::string_view text) {
    LineScanner line(text);
    if (line.done() || line.accept('#')) return;
    require(!returned_, ErrorKind::kCorruptFile, "more follows after return");
    if (line.accept_word("input")) return input(line);
    if (line.accept_word("const")) return constant(line);
    if (line.accept_word("return")) return outputs(line);
    node(line);
  }
  bool returned() const { return returned_; }
  Graph take() { return std::move(graph_); }

 private:
  void end(LineScanner& line) {
    require(line.done(), ErrorKind::kCorruptFile, "'{}' follows where the line should end", line.rest().substr(0, 40));
  }

  void define(const std::string& name, ValueId id) {
    require(values_.emplace(name, id).second, ErrorKind::kCorruptFile, "'{}' is defined twice", name);
  }

  ValueId use(LineScanner& line) {
    const std::string name = line.name();
    const auto found = values_.find(name);
    require(found != values_.end(), ErrorKind::kCorruptFile, "'{}' is used before it is defined", name);
    return found->second;
  }

  void input(LineScanner& line) {
    const Value declared = read_declaration(line);
    end(line);
    define(declared.name, static_cast<ValueId>(graph_.values().size()));
    graph_.value(graph_.add_input(declared.name, declared.dtype, declared.shape)).quant = declared.quant;
  }

  void constant(LineScanner& line) {
    const Value declared = read_declaration(line);
    define(declared.name, static_cast<ValueId>(graph_.values().size()));
    ValueId id = kNoValue;
    if (line.accept('#')) {
      id = graph_.add_constant(declared.name, declared.dtype, declared.shape, std::string(line.bare()));
    } else {
      line.expect('{');
      id = graph_.add_constant(declared.name, read_elements(declared.dtype, declared.shape, line.until('}')));
    }
    end(line);
    graph_.value(id).quant = declared.quant;
  }

  std::vector<ValueId> operands(LineScanner& line) {
    std::vector<ValueId> ids;
    line.expect('(');
    if (line.accept(')')) return ids;
    do {
      LineScanner ahead = line;  // "_" alone is an input that is left out
      const bool left_out = !ahead.accept('"') && ahead.bare() == "_";
      if (left_out) line = ahead;
      ids.push_back(left_out ? kNoValue : use(line));
    } while (line.accept(','));
    line.expect(')');
    return ids;
  }

  void node(LineScanner& line) {
    std::vector<Value> declared;
    do declared.push_back(read_declaration(line));
    while (line.accept(','));
    line.expect('=');
    const std::string op(line.bare());
    std::vector<ValueId> inputs = operands(line);
    std::string name = declared[0].name;
    LineScanner ahead = line;
    if (!ahead.done() && ahead.bare() == "name" && ahead.accept('=')) {
      name = ahead.name();
      line = ahead;
    }
    require(node_names_.insert(name).second, ErrorKind::kCorruptFile, "two nodes are named '{}'", name);
    Op parsed = parse_op(op, line.rest());
    std::vector<std::string> names;
    for (const Value& value : declared) {
      define(value.name, static_cast<ValueId>(graph_.values().size() + names.size()));
      names.push_back(value.name);
    }
    graph_.add_node(std::move(parsed), std::move(inputs), std::move(name), std::move(names));
    set_types(declared);
  }

  /// What the text says of a node's outputs must be what the op makes, up to narrower storage.
  void set_types(const std::vector<Value>& declared) {
    const std::vector<ValueId> outputs = graph_.nodes().back().outputs;
    require(outputs.size() == declared.size(), ErrorKind::kCorruptFile, "{} outputs are declared, the op makes {}",
            declared.size(), outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      Value& value = graph_.value(outputs[i]);
      require(value.shape == declared[i].shape && may_store(declared[i], value.dtype), ErrorKind::kCorruptFile,
              "'{}' is declared {} {}, the op makes {} {}", value.name, fovea::name(declared[i].dtype),
              declared[i].shape.str(), fovea::name(value.dtype), value.shape.str());
      value.dtype = declared[i].dtype;
      value.quant = declared[i].quant;
    }
  }

  void outputs(LineScanner& line) {
    std::vector<ValueId> ids;
    do ids.push_back(use(line));
    while (line.accept(','));
    end(line);
    graph_.set_outputs(std::move(ids));
    returned_ = true;
  }

  Graph graph_;
  std::unordered_map<std::string, ValueId> values_;
  std::unordered_set<std::string> node_names_;
  bool returned_ = false;
};

}  // namespace

Graph parse_graph(std::string_view text) {
  require(text.size() <= kMostText, ErrorKind::kCorruptFile, "[graph text] has {} bytes, expected at most {}",
          text.size(), kMostText);
  Parser parser;
  std::size_t line = 0;
  while (!text.empty()) at_line(++line, [&] { parser.read_line(next_part(text, '\n')); });
  at_line(line, [&] { require(parser.returned(), ErrorKind::kCorruptFile, "the text ends without return"); });
  Graph graph = parser.take();
  at_line(line, [&] { verify(graph); });
  return graph;
}

}  // namespace fovea
