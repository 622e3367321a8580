// Whose tokens a bearer scheme accepts, and where their keys come from: the configuration's word before the
// document's, and no scheme without an issuer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/compilation.h"
#include "plan/policy_members.h"

namespace caponier::plan {

inline constexpr std::string_view kDevelopmentAudience = "caponier-dev";

// A security scheme as document and configuration know it: one of the two may be silent.
struct SchemeSource {
  std::string_view name;
  const openapi::SecurityScheme* declared = nullptr;
  const config::SchemeBinding* binding = nullptr;
  SchemeMembers members;
};

class Issuers {
 public:
  explicit Issuers(Compilation& compilation) : compilation_(compilation) {}

  // Indices into Plan::issuers. Empty with a refusal if nobody's tokens would be accepted.
  std::vector<std::uint32_t> of(const SchemeSource& scheme, std::optional<Diagnostic>& refusal);

 private:
  std::vector<std::string> names_of(const SchemeSource& scheme) const;
  std::optional<Issuer> make(const std::string& name, const SchemeSource& scheme,
                             std::optional<Diagnostic>& refusal) const;
  std::optional<Diagnostic> set_audiences(Issuer& issuer, const config::Issuer* configured,
                                          const SchemeSource& scheme) const;
  std::optional<Diagnostic> set_keys(Issuer& issuer, const config::Issuer* configured,
                                     const SchemeSource& scheme) const;
  Diagnostic unknown_issuer(const SchemeSource& scheme) const;
  std::uint32_t add(Issuer issuer);
  std::uint32_t development();

  Compilation& compilation_;
};

// An issuer as the gateway asks it for something, whoever's tokens are accepted; nothing if its name is no
// URL.
std::optional<Issuer> asked_issuer(const config::Issuer& configured);
// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);
// `name` as written in `file`, relative to that file's folder.
std::string beside(std::string_view file, std::string_view name);

}  // namespace caponier::plan
