// Whom a verified certificate names: for records and for decisions about callers, far from the library that
// read it.
#pragma once

#include <string>
#include <vector>

namespace caponier {

struct CertificateNames {
  std::string subject;                   // RFC 2253: "CN=orders,O=Example"
  std::vector<std::string> dns_names;    // of the subject's alternative names
  std::vector<std::string> uris;         // "spiffe://example.org/orders"
  std::vector<std::string> email_names;  // RFC 822
  std::string digest;                    // SHA-256 of the certificate, 64 hex digits
};

}  // namespace caponier
