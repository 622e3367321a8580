// What was revoked before its time, as an immutable index in memory: one or two look-ups for each request,
// none where nothing is revoked. API keys are revoked in KnownKeys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace caponier::plan {

enum class RevocationKind : std::uint8_t {
  kTokenId,    // a token by issuer and jti
  kToken,      // a token by the digest of what its issuer signed
  kSubject,    // all tokens of a subject that were issued until then
  kClient,     // the same of a client
  kIssuerKey,  // all tokens that an issuer's key signed
  kSession,    // of a browser, by its id
};
inline constexpr std::size_t kRevocationKinds = 6;
std::string_view name(RevocationKind kind);  // "token-id"
std::optional<RevocationKind> revocation_kind(std::string_view name);

struct Revocation {
  RevocationKind kind = RevocationKind::kTokenId;
  std::string issuer;         // empty: whoever issued it; not of tokens by id, and not of keys
  std::string value;          // jti, digest in hexadecimal, subject, client or kid
  std::int64_t before_s = 0;  // of subjects and clients: tokens issued until then
  std::int64_t until_s = 0;   // when it may be forgotten; 0: never
};

// What a token says that it could be revoked by.
struct RevocableToken {
  std::string_view issuer;
  std::string_view subject;
  std::string_view client_id;
  std::string_view token_id;
  std::string_view key_id;
  std::int64_t issued_at_s = 0;            // 0: it does not say, and counts as old
  std::string_view text;                   // the token
  std::string_view authorized_party = {};  // azp, which a client_id beside it may differ from
  std::string_view session_id = {};        // of a browser
  // By how much its issuer's clock may be ahead of the one by which it was revoked.
  std::int64_t leeway_s = 0;
};

// SHA-256, in hexadecimal, of what is signed of a compact token, or of all of an opaque one: a signature can
// be written in more than one way, and what it signs cannot.
std::string token_digest(std::string_view token);

class Revocations {
 public:
  Revocations() = default;
  explicit Revocations(std::span<const Revocation> all);

  [[nodiscard]] std::optional<RevocationKind> find(const RevocableToken& token, std::int64_t now_s) const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Key {
    RevocationKind kind;
    std::string_view issuer;
    std::string_view value;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    std::int64_t before_s = 0;
    std::int64_t until_s = 0;
  };
  [[nodiscard]] bool has(const Key& key, std::int64_t issued_at_s, std::int64_t now_s) const;

  std::vector<std::pair<std::string, std::string>> texts_;  // which the keys view
  std::unordered_map<Key, Entry, Hash> entries_;
  std::array<std::size_t, kRevocationKinds> counts_{};
};

}  // namespace caponier::plan
