// What a certificate says about whom it names (RFC 5280, section 4.2.1.6). Names with bytes that belong into
// no name are left out.
#pragma once

#include <string>
#include <vector>

#include "base/certificate_names.h"
#include "tls/handles.h"

namespace caponier::tls {

CertificateNames read_names(X509& certificate);

}  // namespace caponier::tls
