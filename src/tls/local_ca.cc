#include "tls/local_ca.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <utility>

#include "tls/handles.h"

namespace caponier::tls {

namespace {

constexpr std::int64_t kDayS = 24 * 60 * 60;
constexpr std::int64_t kAuthorityDays = 365;
constexpr std::int64_t kLeafDays = 7;
// Clocks of the same machine, read by programs that round differently.
constexpr std::int64_t kBackdatedS = 60 * 60;
constexpr int kSerialBits = 159;  // RFC 5280 section 4.1.2.2: positive, at most 20 octets

struct Extension {
  int nid;
  const char* value;
};

constexpr std::array kAuthorityExtensions = {
    Extension{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    Extension{NID_key_usage, "critical,keyCertSign,cRLSign"},
    Extension{NID_name_constraints,
              "critical,permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0,"
              "permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    Extension{NID_subject_key_identifier, "hash"},
};
constexpr std::array kLeafExtensions = {
    Extension{NID_basic_constraints, "critical,CA:FALSE"},
    Extension{NID_key_usage, "critical,digitalSignature"},
    Extension{NID_ext_key_usage, "serverAuth"},
    Extension{NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"},
    Extension{NID_subject_key_identifier, "hash"},
    Extension{NID_authority_key_identifier, "keyid:always"},
};

bool set_random_serial(X509& certificate) {
  const std::unique_ptr<BIGNUM, FreedBy<BN_free>> serial(BN_new());
  return serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

template <std::size_t kCount>
bool add_extensions(X509& certificate, X509& issuer, const std::array<Extension, kCount>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const Extension& extension : extensions) {
    const ExtensionHandle made(X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value));
    if (!made || X509_add_ext(&certificate, made.get(), -1) != 1) return false;
  }
  return true;
}

bool set_subject(X509& certificate, const char* common_name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1;
}

// Everything but issuer, extensions and signature.
CertificateHandle new_certificate(EVP_PKEY& key, const char* common_name, std::int64_t now_s,
                                  std::int64_t days) {
  CertificateHandle certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_random_serial(*certificate) ||
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), now_s - kBackdatedS) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), now_s + days * kDayS) == nullptr ||
      X509_set_pubkey(certificate.get(), &key) != 1 || !set_subject(*certificate, common_name)) {
    return nullptr;
  }
  return certificate;
}

std::string text_of(BIO& bio) {
  char* bytes = nullptr;
  const long count = BIO_get_mem_data(&bio, &bytes);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
}

Result<Issued, std::string> to_pem(X509& certificate, EVP_PKEY& key) {
  const BioHandle certificate_bio(BIO_new(BIO_s_mem()));
  const BioHandle key_bio(BIO_new(BIO_s_mem()));  // wipes its memory when freed
  if (!certificate_bio || !key_bio || PEM_write_bio_X509(certificate_bio.get(), &certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Err("a certificate cannot be written: " + take_error("out of memory"));
  }
  return Issued{.certificate_pem = text_of(*certificate_bio), .key_pem = Secret(text_of(*key_bio))};
}

CertificateHandle certificate_from(std::string_view pem) {
  const BioHandle bio = text_bio(pem);
  bool malformed = false;
  return bio ? read_certificate(*bio, malformed) : nullptr;
}

}  // namespace

Result<Issued, std::string> create_local_ca(std::int64_t now_s) {
  ERR_clear_error();
  const KeyHandle key(EVP_EC_gen("P-256"));
  const CertificateHandle certificate =
      key ? new_certificate(*key, "Caponier local development CA", now_s, kAuthorityDays) : nullptr;
  if (!certificate ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) != 1 ||
      !add_extensions(*certificate, *certificate, kAuthorityExtensions) ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return Err("the local certificate authority cannot be made: " + take_error("out of memory"));
  }
  return to_pem(*certificate, *key);
}

Result<Issued, std::string> issue_local_leaf(std::string_view ca_certificate_pem, std::string_view ca_key_pem,
                                             std::int64_t now_s) {
  const CertificateHandle authority = certificate_from(ca_certificate_pem);
  if (!authority) return Err(std::string("the certificate of the local authority cannot be read"));
  const KeyHandle authority_key = read_key(ca_key_pem);
  if (!authority_key) return Err(std::string("the key of the local authority cannot be read"));
  if (X509_check_private_key(authority.get(), authority_key.get()) != 1) {
    ERR_clear_error();
    return Err(std::string("the key of the local authority does not belong to its certificate"));
  }
  const KeyHandle key(EVP_EC_gen("P-256"));
  const CertificateHandle leaf = key ? new_certificate(*key, "localhost", now_s, kLeafDays) : nullptr;
  if (!leaf || X509_set_issuer_name(leaf.get(), X509_get_subject_name(authority.get())) != 1 ||
      !add_extensions(*leaf, *authority, kLeafExtensions) ||
      X509_sign(leaf.get(), authority_key.get(), EVP_sha256()) == 0) {
    return Err("the local certificate cannot be issued: " + take_error("out of memory"));
  }
  return to_pem(*leaf, *key);
}

Result<std::int64_t, std::string> seconds_left(std::string_view certificate_pem, std::int64_t now_s) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  if (!certificate) return Err(std::string("there is no PEM certificate that can be read"));
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    ERR_clear_error();
    return Err(std::string("the certificate's end date cannot be read"));
  }
  return static_cast<std::int64_t>(timegm(&end)) - now_s;
}

}  // namespace caponier::tls
