// The options that `run`, `demo` and `check` have in common.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/load_plan.h"

namespace caponier::cli {

inline std::vector<Option> run_options() {
  return {
      {"--contract", "FILE", "the OpenAPI document (3.0 or 3.1, YAML or JSON)"},
      {"--overlay", "FILE", "an OpenAPI Overlay (1.0) to put over the document; may be given several times",
       true},
      {"--upstream", "URL", "where the API itself listens: http://HOST:PORT or https://HOST:PORT"},
      {"--config", "FILE", "caponier.yaml; the command line wins over it"},
      {"--listen", "HOST:PORT", "or https://HOST:PORT; default https://127.0.0.1:8443; port 0: any free one"},
      {"--cert", "FILE", "certificate chain, PEM"},
      {"--key", "FILE", "its private key, PEM"},
      {"--state-dir", "DIR", "keys, local certificates, decision log; default ~/.local/state/caponier"},
      {"--workers", "N", "threads; default: one per core"},
      {"--dev", "", "development: loopback only, local certificate and local issuer"}};
}

// The error is a sentence.
inline Result<LoadRequest, std::string> load_request(const Arguments& arguments) {
  LoadRequest request;
  request.contract_file = arguments.text("--contract");
  for (const std::string_view overlay : arguments.values("--overlay"))
    request.overlay_files.emplace_back(overlay);
  request.upstream = arguments.text("--upstream");
  request.config_file = arguments.text("--config");
  request.listen = arguments.text("--listen");
  request.certificate = arguments.text("--cert");
  request.key = arguments.text("--key");
  request.state_dir = arguments.text("--state-dir");
  request.dev = arguments.has("--dev");
  if (const auto workers = arguments.value("--workers")) {
    const auto count = parse_decimal(*workers);
    if (!count || *count == 0 || *count > 256)
      return Err(std::string("--workers takes a number from 1 to 256"));
    request.workers = static_cast<int>(*count);
  }
  return request;
}

}  // namespace caponier::cli
