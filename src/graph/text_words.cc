#include "graph/text_words.h"

#include "base/error.h"
#include "graph/text_numbers.h"

namespace fovea {
namespace {

std::string_view excerpt(std::string_view text) { return text.substr(0, 40); }

}  // namespace

void LineScanner::skip_spaces() {
  while (rest_.starts_with(' ')) rest_.remove_prefix(1);
}

bool LineScanner::done() {
  skip_spaces();
  return rest_.empty();
}

bool LineScanner::accept(char c) {
  skip_spaces();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool LineScanner::accept_word(std::string_view word) {
  skip_spaces();
  if (!rest_.starts_with(word) || (rest_.size() > word.size() && rest_[word.size()] != ' ')) return false;
  rest_.remove_prefix(word.size());
  return true;
}

void LineScanner::expect(char c) {
  require(accept(c), ErrorKind::kCorruptFile, "expected '{}' before '{}'", c, excerpt(rest_));
}

std::string_view LineScanner::take(bool (*belongs)(char)) {
  skip_spaces();
  std::size_t length = 0;
  while (length < rest_.size() && belongs(rest_[length])) ++length;
  require(length > 0, ErrorKind::kCorruptFile, "expected a word before '{}'", excerpt(rest_));
  const std::string_view word = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return word;
}

std::string_view LineScanner::bare() { return take(is_bare); }

std::string_view LineScanner::number() {
  return take([](char c) { return is_bare(c) || c == '+'; });
}

std::string LineScanner::name() {
  if (accept('"')) return quoted();
  return std::string(bare());
}

std::string LineScanner::quoted() {
  std::string name;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    char c = rest_[i];
    if (c == '"') {
      require(!name.empty(), ErrorKind::kCorruptFile, "a name is empty");
      rest_.remove_prefix(i + 1);
      return name;
    }
    if (c == '\\') {
      require(++i < rest_.size(), ErrorKind::kCorruptFile, "a name ends within an escape");
      c = rest_[i];
      if (c == 'x') {
        unsigned char byte = 0;
        const std::string_view digits = rest_.substr(i + 1, 2);
        const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        require(error == std::errc() && digits.size() == 2 && stop == digits.data() + 2, ErrorKind::kCorruptFile,
                "'\\x{}' is no escape", digits);
        c = static_cast<char>(byte);
        i += 2;
      } else {
        require(c == '"' || c == '\\', ErrorKind::kCorruptFile, "'\\{}' is no escape", c);
      }
    }
    name += c;
  }
  fail(ErrorKind::kCorruptFile, "a name has no closing quote");
}

std::string_view LineScanner::until(char c) {
  const std::size_t at = rest_.find(c);
  require(at != std::string_view::npos, ErrorKind::kCorruptFile, "expected '{}' after '{}'", c, excerpt(rest_));
  const std::string_view before = rest_.substr(0, at);
  rest_.remove_prefix(at + 1);
  return before;
}

std::string_view LineScanner::rest() {
  skip_spaces();
  return std::exchange(rest_, {});
}

}  // namespace fovea
