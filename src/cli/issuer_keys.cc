#include "cli/issuer_keys.h"

#include <string>
#include <utility>

#include "jose/key_set.h"
#include "json/read_tree.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

// Where the key is written; the file has been read as JSON before.
SourcePosition position_of(const std::string& text, const std::string& file, std::uint32_t index) {
  const auto tree = json::read_tree(text, file);
  const Node* const keys = tree ? tree.value()->root()->find("keys") : nullptr;
  if (keys == nullptr) return {};
  std::uint32_t at = 0;
  for (const Node& key : *keys) {
    if (at++ == index) return key.position;
  }
  return {};
}

void tell_refused(const plan::Issuer& issuer, const std::string& text, const jose::KeySet& set,
                  Diagnostics& diagnostics) {
  for (const jose::RefusedKey& key : set.refused) {
    diagnostics.add(
        {.severity = Severity::kFinding,
         .code = "bad-key",
         .file = issuer.keys_file,
         .position = position_of(text, issuer.keys_file, key.index),
         .pointer = "/keys/" + std::to_string(key.index),
         .message = "key " + key.id + " of " + issuer.rules.issuer + " is not used: " + key.reason,
         .fix = "have the issuer replace it; the other keys of the set are used"});
  }
}

}  // namespace

void check_key_sets(const plan::Plan& plan, Severity unusable, Diagnostics& diagnostics) {
  for (const plan::Issuer& issuer : plan.issuers) {
    if (issuer.source != plan::KeySource::kFile) continue;
    const auto text = store::read_file(issuer.keys_file, plan.limits.tokens.key_set_bytes_max);
    std::string wrong = text ? std::string() : text.error();
    if (text) {
      const auto set = jose::parse_key_set(*text, plan.limits.tokens);
      if (set) tell_refused(issuer, *text, *set, diagnostics);
      if (!set) wrong = set.error();
    }
    if (wrong.empty()) continue;
    diagnostics.add({.severity = unusable,
                     .code = "bad-key-set",
                     .file = issuer.keys_file,
                     .message = "the keys of " + issuer.rules.issuer + " cannot be used: " + wrong,
                     .fix = "until they can, tokens of this issuer are refused with 503"});
  }
}

}  // namespace caponier::cli
