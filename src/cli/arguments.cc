#include "cli/arguments.h"

#include <algorithm>
#include <cstdio>

#include "base/diagnostic.h"

namespace caponier::cli {
namespace {

constexpr Option kHelp{"--help", "", "show this help"};

const Option* find_option(const Verb& verb, std::string_view name) {
  if (name == kHelp.name || name == "-h") return &kHelp;
  auto at = std::find_if(verb.options.begin(), verb.options.end(),
                         [name](const Option& o) { return o.name == name; });
  return at == verb.options.end() ? nullptr : &*at;
}

std::string unknown(const Verb& verb, std::string_view name) {
  std::vector<std::string_view> names{kHelp.name};
  for (const Option& option : verb.options) names.push_back(option.name);
  const std::string_view meant = did_you_mean(name, names);
  std::string text = "unknown option " + std::string(name);
  if (!meant.empty()) text += "; did you mean " + std::string(meant) + "?";
  return text;
}

}  // namespace

Result<Arguments, std::string> Arguments::parse(const Verb& verb, Words words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.empty() || word.front() != '-' || word == "-") {
      if (arguments.positionals_.size() >= verb.positionals_max)
        return Err("unexpected argument '" + std::string(word) + "'");
      arguments.positionals_.push_back(word);
      continue;
    }
    std::optional<std::string_view> joined;
    if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
      joined = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    const Option* option = find_option(verb, word);
    if (option == nullptr) return Err(unknown(verb, word));
    if (!option->repeatable && arguments.has(option->name)) return Err(std::string(word) + " is given twice");
    if (option->value.empty()) {
      if (joined) return Err(std::string(word) + " takes no value");
      arguments.given_.emplace_back(option->name, "");
      continue;
    }
    if (!joined && i + 1 >= words.size())
      return Err(std::string(word) + " needs a value: " + std::string(option->value));
    arguments.given_.emplace_back(option->name, joined ? *joined : words[++i]);
  }
  return arguments;
}

std::optional<std::string_view> Arguments::value(std::string_view name) const {
  for (const auto& [given, value] : given_) {
    if (given == name) return value;
  }
  return std::nullopt;
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  return std::string(value(name).value_or(otherwise));
}

std::vector<std::string_view> Arguments::values(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const auto& [given, value] : given_) {
    if (given == name) all.push_back(value);
  }
  return all;
}

std::string help_text(const Verb& verb) {
  std::string text =
      "usage: " + std::string(verb.usage) + "\n\n" + std::string(verb.summary) + "\n\noptions:\n";
  std::vector<Option> options = verb.options;
  options.push_back(kHelp);
  std::size_t width = 0;
  for (const Option& option : options) width = std::max(width, option.name.size() + option.value.size() + 1);
  for (const Option& option : options) {
    std::string left =
        std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
    left.resize(width, ' ');
    text += "  " + left + "  " + std::string(option.help) + "\n";
  }
  return text;
}

std::optional<int> parse_or_answer(const Verb& verb, Words words, Arguments& out) {
  auto parsed = Arguments::parse(verb, words);
  if (!parsed) return fail(parsed.error() + "\nusage: " + std::string(verb.usage));
  if (parsed->has(kHelp.name)) {
    std::fputs(help_text(verb).c_str(), stdout);
    return 0;
  }
  out = std::move(*parsed);
  return std::nullopt;
}

int fail(std::string_view sentence) {
  std::fprintf(stderr, "caponier: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return 2;
}

}  // namespace caponier::cli
