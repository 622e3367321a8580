#include "store/assertion_keeper.h"

#include <sys/stat.h>

#include <utility>

#include "store/secret_source.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kRetryS = 10;

Result<AssertionKeyPtr, std::string> given_key(const SecretReference& reference) {
  if (reference.kind == SecretReference::Kind::kNone) return AssertionKeyPtr();
  auto secret = read_secret(reference);
  if (!secret) return Err(secret.error());
  auto key = jose::AssertionKey::from_pem(secret->reveal());
  if (!key) return Err("the key at " + reference.text() + " cannot sign identity tokens: " + key.error());
  return AssertionKeyPtr(std::make_shared<const jose::AssertionKey>(std::move(*key)));
}

Result<AssertionKeyRules, std::string> rules_of(const plan::IdentityToken& token) {
  AssertionKeyRules rules;
  rules.algorithm = token.algorithm;
  rules.rotate_every_s = token.rotate_every_s;
  auto key = given_key(token.key);
  if (!key) return Err(key.error());
  auto next = given_key(token.next_key);
  if (!next) return Err(next.error());
  rules.given = std::move(*key);
  rules.given_next = std::move(*next);
  return rules;
}

}  // namespace

AssertionKeeper::FileMark AssertionKeeper::mark() const {
  struct stat status {};
  const std::string file = directory_ + "/" + std::string(kAssertionKeysFile);
  if (stat(file.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

Result<Unit, std::string> AssertionKeeper::refresh(const AssertionKeyRules& rules, std::int64_t now_s) {
  auto file = AssertionKeyFile::open(directory_);
  if (!file) return Err(file.error());
  auto keys = file->read();
  if (!keys) return Err(keys.error());
  auto changed = advance(*keys, rules, now_s);
  if (!changed) return Err(changed.error());
  // On disk before anybody sees it: a key that signed is a key that was kept.
  if (*changed) {
    if (auto written = file->write(*keys); !written) return written;
  }
  seen_ = mark();
  due_s_ = next_due_s(*keys, rules, now_s);
  install(*keys, rules, now_s);
  return Unit{};
}

void AssertionKeeper::install(const KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                              std::int64_t now_s) {
  plan::AssertionKeys next{signing_key(keys, rules, now_s), published_set(keys)};
  const auto before = source_->get();
  if (before->key_set == next.key_set && before->signing && next.signing &&
      before->signing->id() == next.signing->id()) {
    return;
  }
  std::string sentence = "identity tokens are signed by " + (next.signing ? next.signing->id() : "nobody");
  if (keys.size() > 1) sentence += ", and " + std::to_string(keys.size() - 1) + " other published";
  source_->install(std::make_shared<const plan::AssertionKeys>(std::move(next)));
  events_.changed(sentence);
}

Result<Unit, std::string> AssertionKeeper::use(const std::optional<plan::IdentityToken>& token,
                                               std::int64_t now_s) {
  if (!token) {
    rules_.reset();
    return Unit{};
  }
  auto rules = rules_of(*token);
  if (!rules) return Err(rules.error());
  if (auto refreshed = refresh(*rules, now_s); !refreshed) return refreshed;
  rules_ = std::move(*rules);
  return Unit{};
}

void AssertionKeeper::look(std::int64_t now_s) {
  if (!rules_ || (now_s < due_s_ && mark() == seen_)) return;
  auto refreshed = refresh(*rules_, now_s);
  if (refreshed) {
    told_.clear();
    return;
  }
  seen_ = mark();
  due_s_ = now_s + kRetryS;
  if (told_ == refreshed.error()) return;
  told_ = refreshed.error();
  events_.trouble(told_);
}

}  // namespace caponier::store
