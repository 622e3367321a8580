#include "jose/private_pem.h"

#include <openssl/pem.h>

#include "jose/openssl_handles.h"

namespace caponier::jose {
namespace {

// OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<KeyHandle, std::string> read_private_pem(std::string_view pem) {
  const ErrorScope errors;
  if (pem.size() > kPrivatePemBytesMax) return Err<std::string>("is longer than 64 KiB");
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyHandle key;
  if (bio) key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key) return Err<std::string>("is not an unencrypted PEM private key");
  return key;
}

Secret private_pem(EVP_PKEY* key) {
  const ErrorScope errors;
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Secret(std::string(text, static_cast<std::size_t>(size)));
}

}  // namespace caponier::jose
