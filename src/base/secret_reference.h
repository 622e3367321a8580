// Where a secret is: configurations name the place and never hold the secret itself, so that they can be read
// and kept by anybody. store/secret_source.h fetches it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier {

struct SecretReference {
  enum class Kind : std::uint8_t { kNone, kFile, kEnvironment, kSystemd };
  Kind kind = Kind::kNone;
  std::string name;  // of the file, the variable, or the credential
  friend bool operator==(const SecretReference&, const SecretReference&) = default;
  // As it was written; it tells nothing that is secret.
  [[nodiscard]] std::string text() const;
};

// "file:///run/secrets/x", "env://NAME", "systemd://name" (a credential of the service, LoadCredential=). The
// error is a sentence's end, and does not repeat the text: it may be the secret.
Result<SecretReference, std::string> parse_secret_reference(std::string_view text);

}  // namespace caponier
