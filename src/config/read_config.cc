#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "config/bounds.h"
#include "config/config.h"
#include "config/reader.h"
#include "config/sections.h"
#include "yaml/read_tree.h"

namespace caponier::config {
namespace {

constexpr std::string_view kRootKeys[] = {
    "contract", "overlays", "upstream",         "upstreams",  "listeners",     "hosts", "issuers",
    "defaults", "origins",  "security_schemes", "operations", "state_dir",     "log",   "workers",
    "limits",   "timeouts", "handover",         "api_keys",   "identity_token"};
constexpr std::string_view kLogKeys[] = {"file"};
constexpr std::int64_t kWorkersMax = 1024;

void read_log(Reader& reader, const Node& root, Config& config) {
  const Node* log = reader.object(root, "log");
  if (log == nullptr || !reader.check_keys(*log, kLogKeys, "`log`")) return;
  const Node* file = log->find("file");
  if (file != nullptr && file->is_string() && file->text == "-") {
    config.log_file = "-";  // standard output, not a file of that name
    return;
  }
  config.log_file = reader.file(*log, "file").value_or("");
}

void read_root(Reader& reader, const Node& root, Config& config) {
  if (!reader.check_keys(root, kRootKeys, "the configuration")) return;
  if (const auto contract = reader.file(root, "contract")) {
    config.contract_file = *contract;
    config.contract_origin = reader.origin_of(*root.find("contract"));
  }
  for (auto& [file, node] : reader.files(root, "overlays")) {
    config.overlays.push_back({std::move(file), reader.origin_of(*node)});
  }
  read_upstream(reader, root, config);
  read_listeners(reader, root, config);
  read_hosts(reader, root, config);
  read_origins(reader, root, config);
  read_issuers(reader, root, config);
  read_scheme_bindings(reader, root, config);
  read_api_keys(reader, root, config);
  read_identity_token(reader, root, config);
  config.defaults = reader.object(root, "defaults");
  read_operations(reader, root, config);
  config.state_dir = reader.file(root, "state_dir").value_or("");
  config.handover_file = reader.file(root, "handover").value_or("");
  read_log(reader, root, config);
  if (const auto workers = reader.integer(root, "workers", 0, kWorkersMax)) {
    config.workers = static_cast<std::uint32_t>(*workers);
  }
  read_limits(reader, root, config.limits);
  read_timeouts(reader, root, config.limits.time);
}

}  // namespace

std::unique_ptr<Config> read_config(std::string_view text, const std::string& file,
                                    Diagnostics& diagnostics) {
  auto config = std::make_unique<Config>();
  config->file = file;
  if (text.size() > kConfigBytesMax) {
    diagnostics.add(
        {.code = "too-large",
         .file = file,
         .message = "the configuration is larger than " + std::to_string(kConfigBytesMax) + " bytes"});
    return config;
  }
  auto tree = yaml::read_tree(text, file);
  if (!tree.ok()) {
    diagnostics.add(tree.error());
    return config;
  }
  config->tree = std::move(tree).value();
  Reader reader(*config->tree, diagnostics);
  read_root(reader, *config->tree->root(), *config);
  return config;
}

}  // namespace caponier::config
