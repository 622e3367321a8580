// The document's security schemes, resolved once each: how they are enforced, or why they cannot be. What
// operations demand and cannot be enforced is told once per scheme, with the operations that need it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/compilation.h"
#include "plan/issuers.h"

namespace caponier::plan {

class Schemes {
 public:
  explicit Schemes(Compilation& compilation);

  // Index into Plan::schemes, for `operation`; nullopt if the scheme cannot be enforced, which flush() tells.
  std::optional<std::uint32_t> use(std::uint32_t contract_scheme, const std::string& operation);
  // By name, as the configuration demands it; also a bearer scheme that only the configuration knows. nullopt
  // with `known` false: nobody knows the name.
  std::optional<std::uint32_t> use(std::string_view name, const std::string& operation, bool& known);
  [[nodiscard]] std::vector<std::string_view> names() const;

  // Reports every refusal, and bindings that bind nothing.
  void flush();

 private:
  struct Entry {
    SchemeSource source;
    bool resolved = false;
    std::optional<std::uint32_t> index;
    std::optional<Diagnostic> refusal;
    std::vector<std::string> operations;
  };

  std::optional<std::uint32_t> use(Entry& entry, const std::string& operation);
  void resolve(Entry& entry);
  void resolve_undemanded();
  void resolve_bearer(Entry& entry);
  void resolve_api_key(Entry& entry);
  void resolve_client_certificate(Entry& entry);
  void resolve_session(Entry& entry);
  void resolve_basic(Entry& entry);
  [[nodiscard]] std::vector<std::string> token_challenges(const BearerRule& rule, bool proofs_only) const;
  void add(Entry& entry, Scheme scheme);  // the scheme's name is the entry's
  void refuse(Entry& entry, std::string code, std::string message, std::string fix);

  Compilation& compilation_;
  Issuers issuers_;
  std::optional<std::string> basic_file_;       // the one file of users
  std::shared_ptr<const PasswordUsers> users_;  // of that file
  std::vector<Entry> entries_;  // the contract's first, in its order; then those of the configuration only
};

}  // namespace caponier::plan
