#include "cli/cli.h"

#include <cstdio>
#include <vector>

#include "base/diagnostic.h"
#include "cli/check.h"
#include "cli/verbs.h"

namespace caponier::cli {
namespace {

struct Entry {
  std::string_view name;
  int (*run)(Words);
  std::string_view summary;
};

constexpr Entry kVerbs[] = {
    {"run", run_gateway, "serve an API by its OpenAPI document"},
    {"demo", demo, "a small API and Caponier in front of it, with requests to try"},
    {"check", check, "load everything and report, without serving"},
    {"token", token, "a token of the local development issuer; token inspect, token verify"},
    {"keys", keys, "API keys: create, list, show, rotate, revoke, expire"},
    {"identity-keys", identity_keys, "keys by which upstreams verify who calls: list, rotate"},
    {"revoke", revoke,
     "end a token, a subject's tokens, a client's, a key or an issuer's key before their time"},
    {"revocations", revocations, "list what is revoked, or let it count again"},
    {"passwd", passwd, "set a user's password for HTTP basic"},
    {"explain", explain, "why a request ended as it did"},
    {"match", match_request, "which operation a request means, and what of it would be refused"},
    {"validate", validate, "judge JSON by a JSON Schema, without a gateway"},
};

void print_help() {
  std::printf(
      "usage: caponier VERB [options]\n\nTurns one OpenAPI document into enforced API security.\n\nverbs:\n");
  for (const Entry& verb : kVerbs) std::printf("  %-13s %s\n", verb.name.data(), verb.summary.data());
  std::printf("\n`caponier VERB --help` lists a verb's options. Also: --version, --help.\n");
}

int unknown_verb(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Entry& verb : kVerbs) names.push_back(verb.name);
  std::string sentence = "unknown verb '" + std::string(name) + "'";
  if (const auto meant = did_you_mean(name, names); !meant.empty())
    sentence += "; did you mean " + std::string(meant) + "?";
  return fail(sentence + " (caponier --help lists the verbs)");
}

}  // namespace

std::string_view version() {
  return CAPONIER_VERSION;
}

int run(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (words.empty()) {
    print_help();
    return 2;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return 0;
  }
  if (words[0] == "--version") {
    std::printf("caponier %s\n", CAPONIER_VERSION);
    return 0;
  }
  for (const Entry& verb : kVerbs) {
    if (verb.name == words[0]) return verb.run(Words(words).subspan(1));
  }
  return unknown_verb(words[0]);
}

}  // namespace caponier::cli
