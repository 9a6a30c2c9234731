#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::apps {

/// The options of one subcommand: a thin face of CLI11, which only arguments.cc compiles. Targets keep their value as
/// default, shown by --help, until the command line says otherwise.
class Arguments {
 public:
  struct State;
  explicit Arguments(State& state) : state_(state) {}

  Arguments& option(const std::string& names, std::string& target, const std::string& help);
  Arguments& option(const std::string& names, std::filesystem::path& target, const std::string& help);
  Arguments& option(const std::string& names, int& target, const std::string& help);
  Arguments& option(const std::string& names, std::uint64_t& target, const std::string& help);
  Arguments& option(const std::string& names, double& target, const std::string& help);
  Arguments& option(const std::string& names, std::vector<std::string>& target, const std::string& help);
  /// Comma-separated whole numbers.
  Arguments& list(const std::string& names, std::vector<std::int64_t>& target, const std::string& help);
  Arguments& flag(const std::string& names, bool& target, const std::string& help);
  // Of the option added last:
  Arguments& required();
  Arguments& one_of(const std::vector<std::string>& values);
  Arguments& matches(const std::string& pattern);  ///< a regular expression for the whole value
  Arguments& at_least(double least);
  Arguments& between(double least, double most);
  Arguments& excludes(const std::string& other);

  // Without any of `others` these options are a usage error, or do nothing, which is warned of; as beside `other`.
  void needs(const std::vector<std::string>& options, const std::vector<std::string>& others);
  void idle_without(const std::vector<std::string>& options, const std::vector<std::string>& others);
  void idle_with(const std::vector<std::string>& options, const std::string& other);

  void extras();                              ///< unknown options and words are no errors
  void examples(const std::string& lines);    ///< shown at the end of --help, one command a line
  bool given(const std::string& name) const;  ///< whether the command line named it

 private:
  State& state_;
};

/// One subcommand: `define` declares the options and returns what runs once they are read. Its int is the exit status.
struct Subcommand {
  std::string_view name;
  std::string_view summary;
  std::function<int()> (*define)(Arguments& arguments);
};

/// Reads the command line and runs the subcommand; answers --help and --version; usage errors print one line and
/// give 2.
int dispatch(int argc, char** argv, std::span<const Subcommand> subcommands,
             const std::function<std::string()>& version);

}  // namespace fovea::apps
