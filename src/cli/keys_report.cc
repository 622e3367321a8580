// caponier keys list, show.
#include <cstdio>

#include "cli/identity_access.h"
#include "cli/key_verbs.h"
#include "cli/text_table.h"
#include "store/key_json.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kWidthMax = 140;
constexpr std::int64_t kEveryKey = INT64_MAX;

std::string joined(const std::vector<std::string>& list, std::string_view otherwise) {
  std::string out;
  for (const std::string& text : list) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? std::string(otherwise) : out;
}

std::string time_or(std::int64_t wall_s, std::string_view otherwise) {
  return wall_s == 0 ? std::string(otherwise) : store::time_text(wall_s);
}

void show(const store::KeyRecord& key, std::int64_t now_s) {
  const std::pair<const char*, std::string> rows[] = {
      {"id", key.id},
      {"state", std::string(key.state(now_s))},
      {"subject", key.subject},
      {"name", key.name},
      {"schemes", joined(key.schemes, "every API key scheme")},
      {"scopes", joined(key.scopes, "none")},
      {"operations", joined(key.operations, "all")},
      {"addresses", joined(key.addresses, "everywhere")},
      {"plan", key.plan},
      {"created", store::time_text(key.created_s)},
      {"expires", time_or(key.expires_s, "never")},
      {"revoked", time_or(key.revoked_s, "")},
      {"revoked for", key.revoked_for},
      {"rotated", time_or(key.rotated_s, "")},
      {"secret before",
       key.previous_until_s > now_s ? "until " + store::time_text(key.previous_until_s) : ""},
      {"last used", time_or(key.last_used_s, "never")}};
  for (const auto& [name, value] : rows) {
    if (!value.empty()) std::printf("%-14s %s\n", name, visible(value).c_str());
  }
}

}  // namespace

int list_keys(Words words) {
  static const Verb kVerb{"caponier keys list [--subject NAME] [--state active|expired|revoked] [options]",
                          "Lists the API keys.",
                          {{"--subject", "NAME", "those of one owner"},
                           {"--state", "STATE", "active, expired or revoked"},
                           kStateDirOption,
                           kConfigOption,
                           kJsonOption}};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  const std::string state = arguments.text("--state");
  if (!state.empty() && state != "active" && state != "expired" && state != "revoked")
    return fail("--state takes active, expired or revoked");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  const std::int64_t now_s = access->asking.now_s;
  const bool as_json = arguments.has("--json");
  const std::string subject = arguments.text("--subject");
  std::string json = "{\"keys\":[";
  TextTable table({"id", "state", "subject", "name", "scopes", "expires", "last used"});
  auto listed = store::list_keys(*access->database, "", kEveryKey, [&](const store::KeyRecord& key) {
    if ((!subject.empty() && key.subject != subject) || (!state.empty() && key.state(now_s) != state))
      return true;
    if (as_json) {
      if (json.back() != '[') json += ",\n";
      store::append_key_json(json, key, now_s);
    } else {
      table.add({key.id, std::string(key.state(now_s)), key.subject, key.name, joined(key.scopes, ""),
                 time_or(key.expires_s, "never"), time_or(key.last_used_s, "never")});
    }
    return true;
  });
  if (!listed) return fail(listed.error());
  std::string out = as_json ? json + "]}\n" : std::string();
  if (!as_json) table.append(out, kWidthMax);
  std::fputs(out.c_str(), stdout);
  return 0;
}

int show_key(Words words) {
  static const Verb kVerb{"caponier keys show ID [options]",
                          "Shows what is known of an API key; its secret is not.",
                          {kStateDirOption, kConfigOption, kJsonOption},
                          1};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  if (arguments.positionals().empty()) return fail("the key's id is missing: cap_1a2b3c4d");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  auto key = store::find_key(*access->database, arguments.positionals()[0]);
  if (!key) return fail(key.error().sentence);
  if (!arguments.has("--json")) {
    show(*key, access->asking.now_s);
    return 0;
  }
  std::string out;
  store::append_key_json(out, *key, access->asking.now_s);
  std::printf("%s\n", out.c_str());
  return 0;
}

}  // namespace caponier::cli
