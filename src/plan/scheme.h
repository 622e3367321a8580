// A security scheme as it is enforced: where its credential stands in a request, and what judges it. One
// alternative of SchemeRule for each authenticator of the stage `authenticate`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace caponier::plan {

class PasswordUsers;

enum class CredentialIn : std::uint8_t { kHeader, kCookie, kQuery, kConnection };

// Two schemes whose places meet read one and the same credential.
struct CredentialPlace {
  CredentialIn in = CredentialIn::kHeader;
  std::string name;  // of the header, lower case; of the cookie or the parameter, as it is
  std::vector<std::string>
      words;  // of Authorization: "bearer", lower case; none: all of it is the credential

  [[nodiscard]] bool has_word(std::string_view word) const {
    return std::find(words.begin(), words.end(), word) != words.end();
  }
  [[nodiscard]] bool meets(const CredentialPlace& other) const {
    if (in != other.in || name != other.name) return false;
    return words.empty() || other.words.empty() ||
           std::any_of(words.begin(), words.end(), [&](const auto& word) { return other.has_word(word); });
  }
};

// JWTs in the Authorization header: those of anybody who holds them (RFC 6750), and those of a sender who
// proves to be theirs (RFC 9449), as the words of the place allow.
struct BearerRule {
  std::vector<std::uint32_t> issuers;  // indices into Plan::issuers
};
inline constexpr std::string_view kBearerWord = "bearer";
inline constexpr std::string_view kDpopWord = "dpop";

// API keys of the store, whatever file or folder it is in: keys come and go without the Plan.
struct ApiKeyRule {};

// The name of a verified client certificate by which its holder is known: of the subject's alternative names
// the first of that kind, or the subject itself. kAny: the first of these that is there.
enum class CertificateName : std::uint8_t { kAny, kUri, kDns, kEmail, kSubject };
std::string_view name(CertificateName kind);

// A client certificate that the listener has verified.
struct ClientCertificateRule {
  CertificateName identity = CertificateName::kAny;
  std::vector<std::string> allow;  // such names; a last '*' stands for any rest; none: any
};

// A browser that has logged in: a cookie that names its session.
struct SessionRule {
  std::uint32_t login = 0;  // index into Plan::logins
};

// A name and a password in the Authorization header (RFC 7617), of one of these users.
struct BasicRule {
  std::shared_ptr<const PasswordUsers> users;  // never null
};
inline constexpr std::string_view kBasicWord = "basic";

using SchemeRule = std::variant<BearerRule, ApiKeyRule, ClientCertificateRule, SessionRule, BasicRule>;

struct Scheme {
  std::string name;
  CredentialPlace place;
  SchemeRule rule;
  // What a client is told that it may present: values of WWW-Authenticate (RFC 9110, section 11.6.1), where
  // HTTP has a word for it.
  std::vector<std::string> challenges;

  template <class Rule>
  [[nodiscard]] const Rule* as() const {
    return std::get_if<Rule>(&rule);
  }
};

}  // namespace caponier::plan
