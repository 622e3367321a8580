// What an upstream is verified with, and what we show it: its files, read.
#pragma once

#include <memory>
#include <string>

#include "base/diagnostic.h"
#include "base/result.h"
#include "cli/load_plan.h"
#include "plan/plan.h"
#include "tls/context.h"

namespace caponier::cli {

// Null for a plain upstream. The error is a sentence that names the file.
Result<std::shared_ptr<tls::ClientContext>, std::string> upstream_context(const plan::Upstream& upstream);

// The same error where the configuration names the upstream.
Diagnostic upstream_error(const Loaded& loaded, const plan::Upstream& upstream, const std::string& error);

}  // namespace caponier::cli
