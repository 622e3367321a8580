#include "tls/handles.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>

namespace caponier::tls {

namespace {
int no_passphrase(char*, int, int, void*) {
  return 0;
}
}  // namespace

BioHandle text_bio(std::string_view text) {
  if (text.size() > INT_MAX) return nullptr;
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

CertificateHandle read_certificate(BIO& pem, bool& malformed) {
  ERR_clear_error();
  CertificateHandle certificate(PEM_read_bio_X509(&pem, nullptr, no_passphrase, nullptr));
  malformed = !certificate && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  ERR_clear_error();
  return certificate;
}

KeyHandle read_key(std::string_view pem) {
  const BioHandle bio = text_bio(pem);
  KeyHandle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!key) ERR_clear_error();
  return key;
}

std::string take_error(std::string_view otherwise) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  std::string text(reason == nullptr ? otherwise : std::string_view(reason));
  ERR_clear_error();
  return text;
}

}  // namespace caponier::tls
