// The certificates of a listener, from their files to what TLS works with; the same for a start, a reload and
// `check`.
#pragma once

#include <memory>

#include "base/diagnostic.h"
#include "base/result.h"
#include "config/config.h"
#include "tls/context.h"

namespace caponier::cli {

// Of a listener that names certificates of its own. The error has its place in the configuration.
Result<std::shared_ptr<tls::ServerContext>, Diagnostic> listener_context(const config::Listener& listener);

// The same with `identities` instead of what the files hold: the local certificate of --dev.
Result<std::shared_ptr<tls::ServerContext>, Diagnostic> listener_context(
    const config::Listener& listener, const std::vector<tls::ServerIdentity>& identities);

}  // namespace caponier::cli
