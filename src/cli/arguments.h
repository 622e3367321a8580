// Command-line arguments of a verb: a table of options, strict, with "did you mean" and a help text made from
// the table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caponier::cli {

using Words = std::span<const std::string_view>;

struct Option {
  std::string_view name;   // "--listen"
  std::string_view value;  // what its value is called: "HOST:PORT"; empty: a flag
  std::string_view help;
  bool repeatable = false;
};

struct Verb {
  std::string_view usage;    // "caponier token --subject NAME [options]"
  std::string_view summary;  // one or two sentences
  std::vector<Option> options;
  std::size_t positionals_max = 0;
};

class Arguments {
 public:
  // The error is a sentence.
  static Result<Arguments, std::string> parse(const Verb& verb, Words words);

  [[nodiscard]] bool has(std::string_view name) const { return value(name).has_value(); }
  // Of a flag: "".
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string_view>& positionals() const { return positionals_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> given_;
  std::vector<std::string_view> positionals_;
};

std::string help_text(const Verb& verb);

// Parses, answers --help (on standard output) and errors (one line on standard error). An exit status if the
// verb is done with that.
std::optional<int> parse_or_answer(const Verb& verb, Words words, Arguments& out);

// "caponier: sentence" on standard error; returns 2.
int fail(std::string_view sentence);

}  // namespace caponier::cli
