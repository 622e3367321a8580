// Facts about a token whose signature has been verified. Owns everything; independent of the token's bytes.
// Made for being kept by the hundred thousand: all texts are in one piece of memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/texts.h"

namespace caponier::jose {

// What a caller must hold besides the token (RFC 7800); all of what is said must hold. Views the claims.
struct Confirmation {
  std::string_view certificate_digest;  // x5t#S256 of RFC 8705, its 32 bytes; empty: none
  std::string_view key_thumbprint;      // jkt of RFC 9449, base64url; empty: none
  bool unknown = false;                 // a way that nobody here can check

  [[nodiscard]] bool binds() const {
    return unknown || !certificate_digest.empty() || !key_thumbprint.empty();
  }
};

class Claims {
 public:
  enum class Text : std::uint8_t {
    kIssuer,
    kSubject,
    kClientId,           // client_id
    kAuthorizedParty,    // azp
    kScopes,             // `scope` and `scp`, as words
    kTokenId,            // jti
    kKeyId,              // kid of the key that signed it
    kClass,              // acr
    kCertificateDigest,  // of cnf
    kKeyThumbprint,      // of cnf
    kActor,              // act (RFC 8693, section 4.1): who acts for the subject, as JSON of ours
    kAudiences,          // these three are packed lists
    kMethods,            // amr
    kOthers,             // name, value, name, value...
  };
  static constexpr std::size_t kTexts = 14;

  std::int64_t expires_at_s = 0;
  std::int64_t not_before_s = 0;        // 0 if absent
  std::int64_t issued_at_s = 0;         // 0 if absent
  std::int64_t authenticated_at_s = 0;  // auth_time; 0 if absent
  bool introspected = false;            // its issuer said all this (RFC 7662): nobody else can read the token
  bool confirmation_unknown = false;

  // All are empty where nothing is said, and hold until the next set().
  [[nodiscard]] std::string_view issuer() const { return at(Text::kIssuer); }
  [[nodiscard]] std::string_view subject() const { return at(Text::kSubject); }
  [[nodiscard]] std::string_view client_id() const;  // client_id or azp
  [[nodiscard]] std::string_view scopes() const { return at(Text::kScopes); }
  [[nodiscard]] std::string_view token_id() const { return at(Text::kTokenId); }
  [[nodiscard]] std::string_view key_id() const { return at(Text::kKeyId); }
  [[nodiscard]] std::string_view authentication_class() const { return at(Text::kClass); }
  [[nodiscard]] std::string_view actor() const { return at(Text::kActor); }
  [[nodiscard]] Texts audiences() const { return Texts(at(Text::kAudiences)); }
  [[nodiscard]] Texts authentication_methods() const { return Texts(at(Text::kMethods)); }
  // Every other top-level claim that is a string, a number or a boolean, as text: for owner rules and
  // policies.
  [[nodiscard]] Texts others() const { return Texts(at(Text::kOthers)); }
  [[nodiscard]] Confirmation confirmation() const {
    return {at(Text::kCertificateDigest), at(Text::kKeyThumbprint), confirmation_unknown};
  }

  [[nodiscard]] bool has_scope(std::string_view scope) const { return has_word(scopes(), scope); }
  [[nodiscard]] bool has_audience(std::string_view audience) const { return audiences().contains(audience); }
  // Text of a scalar claim by name, the registered ones ("sub", "client_id", "iss"...) included.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view claim) const;

  // `text` is none of its own.
  void set(Text which, std::string_view text);
  void reserve(std::size_t bytes) { texts_.reserve(bytes); }
  // Gives back the memory that further texts would take.
  void fit() { texts_.shrink_to_fit(); }

 private:
  [[nodiscard]] std::string_view at(Text which) const {
    const std::uint32_t place = places_[static_cast<std::size_t>(which)];
    if (place == 0) return {};
    return Texts::first(std::string_view(texts_).substr(place - 1));
  }

  void remove(std::uint32_t& place);

  std::string texts_;                           // as in a packed list
  std::array<std::uint32_t, kTexts> places_{};  // in it, from 1 on; 0: absent
};

}  // namespace caponier::jose
