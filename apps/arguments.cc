#include "arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <regex>
#include <sstream>

#include "base/log/log.h"

namespace fovea::apps {

struct Arguments::State {
  /// What an option asks of the others, which may be declared after it: one of them, or none.
  struct Rule {
    std::string option;
    std::vector<std::string> others;
    enum { kNeeds, kIdleWithout, kIdleWith } kind;
  };
  CLI::App* app = nullptr;
  CLI::Option* last = nullptr;
  std::vector<Rule> rules;
  std::string examples;
};

namespace {

/// The first need that the command line leaves open, in words; options that do nothing are warned of.
std::string broken_rule(const CLI::App& app, std::span<const Arguments::State::Rule> rules) {
  using Rule = Arguments::State::Rule;
  for (const Rule& rule : rules) {
    const auto given = [&](const std::string& name) { return app.count(name) > 0; };
    const bool with = rule.kind == Rule::kIdleWith;
    if (!given(rule.option) || std::ranges::any_of(rule.others, given) != with) continue;
    const std::string others = CLI::detail::join(rule.others, " or ");
    if (rule.kind == Rule::kNeeds) return rule.option + " needs " + others;
    log_warning("{} does nothing {} {}", rule.option, with ? "with" : "without", others);
  }
  return "";
}

template <typename T>
CLI::Option* add(CLI::App& app, const std::string& names, T& target, const std::string& help) {
  return app.add_option(names, target, help)->capture_default_str();
}

std::string names_of(std::span<const Subcommand> subcommands) {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : subcommands) names.emplace_back(subcommand.name);
  return CLI::detail::join(names, ", ");
}

}  // namespace

Arguments& Arguments::option(const std::string& names, std::string& target, const std::string& help) {
  state_.last = add(*state_.app, names, target, help);
  return *this;
}

Arguments& Arguments::option(const std::string& names, std::filesystem::path& target, const std::string& help) {
  const std::string shown = target.string();
  state_.last = state_.app->add_option_function<std::string>(
      names, [&target](const std::string& text) { target = text; }, help);
  if (!shown.empty()) state_.last->default_str(shown);
  state_.last->type_name("PATH");
  return *this;
}

Arguments& Arguments::option(const std::string& names, int& target, const std::string& help) {
  state_.last = add(*state_.app, names, target, help);
  return *this;
}

Arguments& Arguments::option(const std::string& names, std::uint64_t& target, const std::string& help) {
  state_.last = add(*state_.app, names, target, help);
  return *this;
}

Arguments& Arguments::option(const std::string& names, double& target, const std::string& help) {
  state_.last = add(*state_.app, names, target, help);
  return *this;
}

Arguments& Arguments::option(const std::string& names, std::vector<std::string>& target, const std::string& help) {
  state_.last = state_.app->add_option(names, target, help);
  return *this;
}

Arguments& Arguments::list(const std::string& names, std::vector<std::int64_t>& target, const std::string& help) {
  state_.last = state_.app->add_option(names, target, help)->delimiter(',')->expected(1, 64);
  return *this;
}

Arguments& Arguments::flag(const std::string& names, bool& target, const std::string& help) {
  state_.last = state_.app->add_flag(names, target, help);
  return *this;
}

Arguments& Arguments::required() {
  state_.last->required();
  return *this;
}

Arguments& Arguments::one_of(const std::vector<std::string>& values) {
  const std::string all = CLI::detail::join(values, "|");
  state_.last->type_name(all)->check([values, all](const std::string& text) {
    return std::ranges::find(values, text) != values.end() ? std::string() : text + ": expected one of " + all;
  });
  return *this;
}

Arguments& Arguments::matches(const std::string& pattern) {
  state_.last->check([pattern](const std::string& text) {
    return std::regex_match(text, std::regex(pattern)) ? std::string() : text + ": expected " + pattern;
  });
  return *this;
}

Arguments& Arguments::at_least(double least) {
  state_.last->check([least](const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return *end == '\0' && value >= least ? std::string()
                                          : text + ": expected at least " + CLI::detail::to_string(least);
  });
  return *this;
}

Arguments& Arguments::between(double least, double most) {
  state_.last->check([least, most](const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool fits = *end == '\0' && value >= least && value <= most;
    return fits ? std::string()
                : text + ": expected a number from " + CLI::detail::to_string(least) + " to " +
                      CLI::detail::to_string(most);
  });
  return *this;
}

Arguments& Arguments::excludes(const std::string& other) {
  state_.last->excludes(state_.app->get_option(other));
  return *this;
}

void Arguments::needs(const std::vector<std::string>& options, const std::vector<std::string>& others) {
  for (const std::string& option : options) state_.rules.push_back({option, others, State::Rule::kNeeds});
}

void Arguments::idle_without(const std::vector<std::string>& options, const std::vector<std::string>& others) {
  for (const std::string& option : options) state_.rules.push_back({option, others, State::Rule::kIdleWithout});
}

void Arguments::idle_with(const std::vector<std::string>& options, const std::string& other) {
  for (const std::string& option : options) state_.rules.push_back({option, {other}, State::Rule::kIdleWith});
}

void Arguments::extras() { state_.app->allow_extras(); }

void Arguments::examples(const std::string& lines) { state_.examples = lines; }

bool Arguments::given(const std::string& name) const { return state_.app->count(name) > 0; }

namespace {

/// A mistyped option is the cause also where another one is missing for it.
std::string unknown_option(const CLI::App& app) {
  for (const CLI::App* subcommand : app.get_subcommands()) {
    if (subcommand->get_allow_extras()) continue;
    for (const std::string& word : subcommand->remaining())
      if (word.size() > 1 && word.front() == '-') return "unknown option " + word;
  }
  return "";
}

}  // namespace

int dispatch(int argc, char** argv, std::span<const Subcommand> subcommands,
             const std::function<std::string()>& version) {
  CLI::App app("Fovea: from a folder of photos to a fast, trustworthy image classifier", "fovea");
  app.require_subcommand(1);
  app.set_version_flag("--version", version, "Version, instruction sets and libraries");
  app.get_formatter()->column_width(34);
  app.footer(
      "Start with:  fovea run --data PHOTOS --out result   (PHOTOS/<class>/<image>)\n"
      "Options of a subcommand:  fovea SUBCOMMAND --help");
  std::vector<std::unique_ptr<Arguments::State>> states;
  std::vector<std::function<int()>> runs;
  for (const Subcommand& subcommand : subcommands) {
    auto& state = *states.emplace_back(std::make_unique<Arguments::State>());
    state.app = app.add_subcommand(std::string(subcommand.name), std::string(subcommand.summary));
    Arguments arguments(state);
    runs.push_back(subcommand.define(arguments));
    if (!state.examples.empty()) state.app->footer("Examples:\n" + state.examples);
  }
  if (argc > 1 && argv[1][0] != '-' &&
      std::ranges::find(subcommands, argv[1], &Subcommand::name) == subcommands.end()) {
    std::cerr << "error: unknown subcommand '" << argv[1] << "', expected one of " << names_of(subcommands)
              << " (see fovea --help)\n";
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_option(app);
    std::cerr << "error: " << (unknown.empty() ? error.what() : unknown) << " (see fovea"
              << (argc > 1 && argv[1][0] != '-' ? std::string(" ") + argv[1] : "") << " --help)\n";
    return 2;
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!states[i]->app->parsed()) continue;
    const std::string broken = broken_rule(*states[i]->app, states[i]->rules);
    if (broken.empty()) return runs[i]();
    std::cerr << "error: " << broken << " (see fovea " << subcommands[i].name << " --help)\n";
  }
  return 2;
}

}  // namespace fovea::apps
