// caponier token inspect: what a token says, and which checks it passes. Its signature, and keys that it may
// bring, are never shown: what is printed cannot be used in its place.
#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "base/clock.h"
#include "cli/key_source.h"
#include "cli/token_words.h"
#include "json/document.h"
#include "json/write.h"

namespace caponier::cli {
namespace {

constexpr std::string_view kShownHeaders[] = {"alg", "typ", "kid", "cty", "crit", "jku", "x5u"};

const Verb& verb() {
  static const Verb kVerb = [] {
    Verb verb{
        "caponier token inspect [TOKEN] [--keys FILE|URL] [--issuer ISSUER] [--audience AUDIENCE]...",
        "Shows header and claims of a token, and which of a gateway's checks it passes; never its "
        "signature. The token is read from standard input unless it is named. Exit status: 0 if no check "
        "fails, 1 if one does.",
        {{"--keys", "FILE|URL",
          "a JWK Set, a JWK, or a key or certificate in PEM; without, the signature is not judged"}},
        1};
    for (Option& option : demand_options()) verb.options.push_back(option);
    return verb;
  }();
  return kVerb;
}

// What a reader can see as it is; objects and lists member by member.
void append_value(std::string& out, json::Value value) {
  const bool object = value.is(json::Kind::kObject);
  if (!object && !value.is(json::Kind::kArray)) {
    if (value.is(json::Kind::kString)) {
      json::append_string(out, value.string());
    } else if (value.is(json::Kind::kNumber)) {
      out += value.number_text();
    } else {
      out += value.is(json::Kind::kNull) ? "null" : value.boolean() ? "true" : "false";
    }
    return;
  }
  out += object ? '{' : '[';
  json::Value child = value.first_child();
  for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) {
    if (i > 0) out += ", ";
    if (object) {
      json::append_string(out, child.string());
      out += ": ";
      child = child.next_sibling();
    }
    append_value(out, child);
  }
  out += object ? '}' : ']';
}

// One line for each member; of times also as people write them.
void append_members(std::string& out, json::Value object, bool header) {
  json::Value key = object.first_child();
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const json::Value value = key.next_sibling();
    const std::string_view name = key.string();
    out += "  ";
    json::append_string(out, name);
    out += ": ";
    if (header && std::ranges::find(kShownHeaders, name) == std::end(kShownHeaders)) {
      out += "(not shown)";
    } else {
      append_value(out, value);
    }
    const bool time = !header && (name == "exp" || name == "nbf" || name == "iat" || name == "auth_time");
    constexpr std::int64_t kLastSecond = 253402300799;  // of the year 9999
    if (time && value.is_integer() && value.integer() >= 0 && value.integer() <= kLastSecond) {
      char text[32] = {};
      format_rfc3339(value.integer() * 1000, text);
      out.append("  (").append(text).append(")");
    }
    out += '\n';
    key = value.next_sibling();
  }
}

void append_part(std::string& out, std::string_view title, std::string_view part, bool header) {
  out.append(title).append("\n");
  const auto text = base64url_decode(part);
  json::Document document;
  JsonLimits limits;
  limits.bytes_max = 1024 * 1024;
  std::optional<json::Value> root;
  if (text) {
    if (auto read = document.read(*text, limits)) root = *read;
  }
  if (!root || !root->is(json::Kind::kObject)) {
    out += "  cannot be read\n";
    return;
  }
  append_members(out, *root, header);
}

bool append_checks(std::string& out, const std::vector<TokenCheck>& checks) {
  bool all = true;
  out += "checks\n";
  for (const TokenCheck& check : checks) {
    out.append("  ").append(check.name).append(": ");
    switch (check.result) {
      case CheckResult::kPasses:
        out += "passes";
        break;
      case CheckResult::kFails:
        out += "fails: ";
        all = false;
        break;
      case CheckResult::kNotJudged:
        out += "not judged: ";
        break;
    }
    out.append(check.detail).append("\n");
  }
  return all;
}

}  // namespace

int inspect_token(Words words) {
  Arguments arguments;
  if (const auto status = parse_or_answer(verb(), words, arguments)) return *status;
  const auto demand = read_demand(arguments);
  if (!demand) return fail(demand.error());
  std::optional<jose::KeySet> keys;
  if (const auto source = arguments.value("--keys")) {
    auto loaded = load_keys(std::string(*source), arguments.text("--ca"));
    if (!loaded) return fail(loaded.error());
    keys = std::move(*loaded);
  }
  const auto token = read_token(arguments);
  if (!token) return fail(token.error());
  const std::string_view text = *token;
  const std::size_t first = std::min(text.find('.'), text.size());
  const std::size_t second = std::min(text.find('.', std::min(first + 1, text.size())), text.size());
  std::string out;
  append_part(out, "header", text.substr(0, first), true);
  append_part(out, "claims", first < second ? text.substr(first + 1, second - first - 1) : "", false);
  const bool all = append_checks(out, check_token(text, keys ? &*keys : nullptr, *demand));
  std::fwrite(out.data(), 1, out.size(), stdout);
  return all ? 0 : 1;
}

}  // namespace caponier::cli
