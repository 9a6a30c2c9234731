#pragma once

#include <array>
#include <string>
#include <string_view>

namespace fovea {

/// Words of the text form that a bare name can't be; such names are quoted, as are those with other characters.
inline constexpr std::array<std::string_view, 4> kReserved = {"input", "const", "return", "_"};
constexpr bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == '-';
}

/// Walks along one line. Whatever does not fit throws kCorruptFile saying what was expected.
class LineScanner {
 public:
  explicit LineScanner(std::string_view line) : rest_(line) {}
  bool done();
  bool accept(char c);                      ///< after spaces
  bool accept_word(std::string_view word);  ///< a whole bare word
  void expect(char c);
  std::string_view bare();         ///< one or more bare characters
  std::string_view number();       ///< bare characters and '+'
  std::string name();              ///< bare or quoted
  std::string_view until(char c);  ///< what stands before the next c, which is passed too
  std::string_view rest();

 private:
  void skip_spaces();
  std::string quoted();
  std::string_view take(bool (*belongs)(char));
  std::string_view rest_;
};

}  // namespace fovea
