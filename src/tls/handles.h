// OpenSSL's objects, owned; and what it says when something fails, in words fit for a log.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace caponier::tls {

template <auto kFree>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioHandle = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using CertificateHandle = std::unique_ptr<X509, FreedBy<X509_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using SslHandle = std::unique_ptr<SSL, FreedBy<SSL_free>>;

// Null if it is too long to be any.
BioHandle text_bio(std::string_view text);
// The next certificate of a PEM text. Null at its end, and, with `malformed` set, at one that cannot be read.
CertificateHandle read_certificate(BIO& pem, bool& malformed);
// Keys behind a passphrase are refused; nobody is asked.
KeyHandle read_key(std::string_view pem);

// The first reason in this thread's error queue ("no shared cipher"), which is emptied; `otherwise` if there
// is none.
std::string take_error(std::string_view otherwise);

}  // namespace caponier::tls
