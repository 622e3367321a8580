// Clients that show a certificate: issued by the authorities of the listener, and not revoked. What is
// presented must hold, also where nothing has to be presented.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/handles.h"

namespace caponier::tls {

struct ClientAuthentication {
  bool required = false;
  std::string ca_pem;
  // Revocation lists, one of each authority; empty: nothing is revoked. One that is out of date or missing
  // fails every certificate of its authority.
  std::string crl_pem;
};

using StoreHandle = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;

// Authorities and their lists. The error is a sentence.
Result<StoreHandle, std::string> client_store(const ClientAuthentication& clients);
// Has `context` ask for certificates, and judge them by `store`.
Result<Unit, std::string> ask_clients(SSL_CTX& context, X509_STORE& store,
                                      const ClientAuthentication& clients);

}  // namespace caponier::tls
