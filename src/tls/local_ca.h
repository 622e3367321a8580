// The certificate authority of --dev: its key stays in the state directory (0600), its certificate is
// constrained to loopback names and never put into a trust store; leaves live for days.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace caponier::tls {

struct Issued {
  std::string certificate_pem;
  Secret key_pem;
};

// P-256; name constraints: localhost, 127.0.0.0/8, ::1.
Result<Issued, std::string> create_local_ca(std::int64_t now_s);
// For localhost, 127.0.0.1, ::1; valid seven days.
Result<Issued, std::string> issue_local_leaf(std::string_view ca_certificate_pem, std::string_view ca_key_pem,
                                             std::int64_t now_s);
// Seconds left of the first certificate; negative if past. Error if it cannot be read.
Result<std::int64_t, std::string> seconds_left(std::string_view certificate_pem, std::int64_t now_s);

}  // namespace caponier::tls
