// Keeps the keys by which the gateway vouches for callers as they must be at the moment, and tells the
// process which they are. For one thread, which looks once a second; requests see what it installs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "plan/assertion_keys.h"
#include "plan/identity_token.h"
#include "store/assertion_keys.h"

namespace caponier::store {

class AssertionKeeper {
 public:
  struct Events {
    std::function<void(const std::string& sentence)> changed;  // other keys sign or are published
    std::function<void(const std::string& sentence)> trouble;  // what was in force stays so
  };

  AssertionKeeper(std::string directory, std::shared_ptr<plan::AssertionKeySource> source, Events events)
      : directory_(std::move(directory)), source_(std::move(source)), events_(std::move(events)) {}

  // What a configuration asks for; nothing of it: nobody is vouched for. Must have succeeded before the Plan
  // that says so is in force. The error is a sentence, and what was in force stays so.
  Result<Unit, std::string> use(const std::optional<plan::IdentityToken>& token, std::int64_t now_s);
  // Does what is due, and what somebody else did to the file.
  void look(std::int64_t now_s);
  [[nodiscard]] bool active() const { return rules_.has_value(); }

 private:
  struct FileMark {
    ino_t inode = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const FileMark&) const = default;
  };
  [[nodiscard]] FileMark mark() const;
  Result<Unit, std::string> refresh(const AssertionKeyRules& rules, std::int64_t now_s);
  void install(const KeptAssertionKeys& keys, const AssertionKeyRules& rules, std::int64_t now_s);

  std::string directory_;
  std::shared_ptr<plan::AssertionKeySource> source_;
  Events events_;
  std::optional<AssertionKeyRules> rules_;
  FileMark seen_;
  std::int64_t due_s_ = 0;
  std::string told_;  // the last trouble, so that it is not told each second
};

}  // namespace caponier::store
