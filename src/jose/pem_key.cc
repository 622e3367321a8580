#include <openssl/pem.h>

#include "jose/key_judgement.h"
#include "jose/key_set.h"
#include "jose/openssl_handles.h"

namespace caponier::jose {
namespace {

constexpr std::size_t kPemBytesMax = 64 * 1024;

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size()))
    ++found;
  return found;
}

}  // namespace

Result<KeySet, std::string> parse_pem_key(std::string_view pem) {
  const ErrorScope errors;
  if (pem.size() > kPemBytesMax) return Err<std::string>("The PEM text is longer than 64 KiB.");
  if (count(pem, "-----BEGIN ") != 1)
    return Err<std::string>("The text does not hold exactly one PEM block.");
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
    return Err<std::string>("The PEM block is a private key; give its public half.");
  }
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return Err<std::string>("Out of memory.");
  KeyHandle key;
  if (pem.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) {
    const CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  } else {
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  }
  if (!key) return Err<std::string>("The PEM block is neither a public key nor a certificate.");
  const auto algorithms = judge_key(key.get());
  if (!algorithms) return Err(algorithms.error());
  KeySet set;
  set.keys.push_back({"", std::move(key), *algorithms});
  return set;
}

}  // namespace caponier::jose
