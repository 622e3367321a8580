#include "tls/read_names.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/canary.h"

namespace caponier::tls {

namespace {

std::string subject_of(X509& certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  char* bytes = nullptr;
  const long count = BIO_get_mem_data(bio.get(), &bytes);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
}

// An IA5String is ASCII; one that holds a NUL would be read as two different names by two readers.
void add_text(std::vector<std::string>& names, const ASN1_STRING* text) {
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
  const std::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), size);
  const auto is_strange = [](char c) {
    const char least = canary("name-with-nul") ? '\0' : '\x21';
    return c < least || c > 0x7e;
  };
  if (name.empty() || std::ranges::any_of(name, is_strange)) return;
  names.emplace_back(name);
}

std::string digest_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

CertificateNames read_names(X509& certificate) {
  CertificateNames names;
  names.subject = subject_of(certificate);
  names.digest = digest_of(certificate);
  const std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = alternatives ? sk_GENERAL_NAME_num(alternatives.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    switch (name->type) {
      case GEN_DNS:
        add_text(names.dns_names, name->d.dNSName);
        break;
      case GEN_URI:
        add_text(names.uris, name->d.uniformResourceIdentifier);
        break;
      case GEN_EMAIL:
        add_text(names.email_names, name->d.rfc822Name);
        break;
      default:
        break;
    }
  }
  ERR_clear_error();
  return names;
}

}  // namespace caponier::tls
