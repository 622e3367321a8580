// caponier keys: API keys in the identity database, of which only keyed hashes are kept.
#include <array>
#include <cstdio>

#include "base/diagnostic.h"
#include "cli/arguments.h"
#include "cli/identity_access.h"
#include "cli/key_verbs.h"
#include "cli/lines.h"
#include "cli/verbs.h"
#include "plan/key_format.h"

namespace caponier::cli {
namespace {

struct KeyVerb {
  std::string_view name;
  int (*run)(Words);
};

constexpr KeyVerb kKeyVerbs[] = {{"create", create_key},
                                 {"list", list_keys},
                                 {"show", show_key},
                                 {"rotate", rotate_key},
                                 {"revoke", revoke_key},
                                 {"expire", expire_key},
                                 {"check-format", check_key_format}};

const Verb& verb() {
  static const Verb kVerb{"caponier keys create|list|show|rotate|revoke|expire|check-format ...",
                          "Makes and keeps API keys. A running gateway with the same state directory follows "
                          "at once. Each of them "
                          "has its own --help.",
                          {},
                          1};
  return kVerb;
}

}  // namespace

int check_key_format(Words words) {
  static const Verb kVerb{
      "caponier keys check-format < FILE",
      "Says of each line of standard input whether it has the form of an API key, its checksum included; "
      "nobody is asked whether it is known. The exit status is 1 if a line has not.",
      {}};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  std::string line;
  bool too_long = false;
  bool all = true;
  while (next_line(stdin, 4096, line, too_long)) {
    if (is_blank(line) && !too_long) continue;
    const bool is_key = !too_long && plan::key_number_of(line).has_value();
    // Never the secret: what is printed here may be kept.
    if (is_key) {
      std::printf("%.*s is a key\n", static_cast<int>(plan::kKeyIdBytes), line.c_str());
    } else {
      std::printf("this line is none\n");
    }
    all = all && is_key;
  }
  return all ? 0 : 1;
}

int keys(Words words) {
  if (!words.empty()) {
    for (const KeyVerb& one : kKeyVerbs) {
      if (one.name == words[0]) return one.run(words.subspan(1));
    }
  }
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (arguments.positionals().empty()) return fail("what to do is missing: caponier keys create ...");
  std::vector<std::string_view> names;
  for (const KeyVerb& one : kKeyVerbs) names.push_back(one.name);
  const std::string_view meant = did_you_mean(arguments.positionals()[0], names);
  return fail("keys knows nothing of that name" +
              (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?") +
              " (caponier keys --help)");
}

}  // namespace caponier::cli
