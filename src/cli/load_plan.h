// From the files and flags of a command line to a Plan, with everything that is wrong told in one go.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "cli/seen_files.h"
#include "config/config.h"
#include "openapi/contract.h"
#include "plan/plan.h"

namespace caponier::cli {

// Empty: not given. What is given here wins over the configuration.
struct LoadRequest {
  std::string contract_file;
  std::string contract_text;  // a document that is part of the program; contract_file is then only its name
  std::vector<std::string> overlay_files;  // put over it after those that the configuration names
  std::string config_file;
  std::string upstream;
  std::string listen;
  std::string certificate;
  std::string key;
  std::string state_dir;
  std::string take_over;  // hand-over socket of the process whose place this one takes
  int workers = 0;        // 0: not given
  bool dev = false;
  // The document is judged for its own sake: neither a listener nor an upstream is asked for.
  bool document_alone = false;
  std::string development_issuer;  // its `iss`; with dev only
};

struct Loaded {
  std::unique_ptr<config::Config> config;  // never null
  std::unique_ptr<openapi::Contract> contract;
  std::shared_ptr<const plan::Plan> plan;  // null if it cannot be served; `diagnostics` says why
  Diagnostics diagnostics;
  // All that was read, or was to be read: what to watch for changes.
  std::shared_ptr<SeenFiles> files = std::make_shared<SeenFiles>();
};

inline constexpr const char* kDefaultListen = "https://127.0.0.1:8443";

Loaded load(const LoadRequest& request);

}  // namespace caponier::cli
