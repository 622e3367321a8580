#include "stages/authenticate/client_certificate.h"

#include <algorithm>

#include "stages/authenticate/credential_name.h"

namespace caponier::stages {
namespace {

constexpr std::size_t kShownDigits = 16;  // of the certificate's digest, in records

std::string_view first_of(const std::vector<std::string>& names) {
  return names.empty() ? std::string_view() : std::string_view(names.front());
}

// Empty if the certificate has no such name.
std::string_view identity_of(const CertificateNames& names, plan::CertificateName kind) {
  switch (kind) {
    case plan::CertificateName::kUri:
      return first_of(names.uris);
    case plan::CertificateName::kDns:
      return first_of(names.dns_names);
    case plan::CertificateName::kEmail:
      return first_of(names.email_names);
    case plan::CertificateName::kSubject:
      return names.subject;
    case plan::CertificateName::kAny:
      break;
  }
  for (const std::string_view name :
       {first_of(names.uris), first_of(names.dns_names), first_of(names.email_names)}) {
    if (!name.empty()) return name;
  }
  return names.subject;
}

bool allows(const plan::ClientCertificateRule& rule, std::string_view name) {
  if (name.empty()) return false;
  return rule.allow.empty() || std::ranges::any_of(rule.allow, [name](std::string_view allowed) {
           if (!allowed.ends_with('*')) return name == allowed;
           return name.starts_with(allowed.substr(0, allowed.size() - 1));
         });
}

}  // namespace

Verdict<Unit> read_client_certificate(Reading& reading) {
  const CertificateNames* client = reading.exchange.peer->client.get();
  if (client == nullptr) return Unit{};
  std::string_view identity;
  bool wanted = false;
  reading.for_each<plan::ClientCertificateRule>(
      [&](std::uint32_t index, const plan::Scheme&, const plan::ClientCertificateRule& rule) {
        wanted = true;
        const std::string_view name = identity_of(*client, rule.identity);
        if (!allows(rule, name)) return;
        reading.proofs[index].holds = true;
        if (identity.empty()) identity = name;
      });
  if (identity.empty()) {
    reading.certificate_not_allowed = wanted;
    return Unit{};
  }
  Principal& principal = reading.principal;
  principal.anonymous = false;
  principal.subject = identity;
  principal.credential = credential_name(reading.exchange.arena, "certificate",
                                         std::string_view(client->digest).substr(0, kShownDigits));
  std::string name = "certificate\n";
  principal.credential_hash = keyed_hash(reading.state.digest_key, name.append(identity));
  return Unit{};
}

}  // namespace caponier::stages
