#include "plan/surroundings.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

// Prefixes under which other products keep what they enforce.
constexpr std::string_view kVendors[] = {"x-amazon-", "x-kong-",    "x-google-",   "x-tyk-",
                                         "x-apigee-", "x-azure-",   "x-42c-",      "x-wso2-",
                                         "x-envoy-",  "x-traefik-", "x-gravitee-", "x-apisix-"};
// Read as aliases, on security schemes.
constexpr std::string_view kAliases[] = {"x-google-issuer", "x-google-jwks_uri", "x-google-audiences"};

bool is_vendor_key(std::string_view key) {
  const auto begins = [key](std::string_view prefix) { return key.starts_with(prefix); };
  return key.starts_with("x-") && std::any_of(std::begin(kVendors), std::end(kVendors), begins);
}

bool is_alias(const Node& member) {
  const Node* section = member.parent == nullptr ? nullptr : member.parent->parent;
  return section != nullptr && section->key == "securitySchemes" &&
         std::find(std::begin(kAliases), std::end(kAliases), member.key) != std::end(kAliases);
}

}  // namespace

void compile_hosts(Compilation& compilation) {
  compilation.plan->origins = compilation.config.origins;
  std::vector<std::string>& hosts = compilation.plan->hosts;
  for (const std::string& host : compilation.config.hosts) hosts.push_back(lower(host));
  if (hosts.empty() && compilation.config.dev) hosts = {"localhost", "127.0.0.1", "[::1]"};
  if (hosts.empty()) hosts = compilation.contract.server_hosts;
  if (!hosts.empty()) return;
  compilation.report.add_finding(diagnostic_at(
      config::Origin{}, "hosts-any",
      "requests for any host name are accepted, because neither document nor configuration names one",
      "add to " + compilation.config_name() +
          ": hosts: [api.example.com]; or give the document's servers a host"));
}

void report_vendor_keys(Compilation& compilation) {
  std::set<std::string_view> seen;
  std::vector<const Node*> pending;
  for (const auto& tree : compilation.contract.trees()) pending.push_back(tree->root());
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const Node* node = pending[i];
    for (const Node& child : *node) {
      if (is_vendor_key(child.key) && !is_alias(child) && seen.insert(child.key).second) {
        Diagnostic finding =
            diagnostic_at(compilation.in_contract(&child), "vendor-key",
                          quoted(child.key) + " is seen and not enforced: it speaks to another product",
                          "say in x-caponier what should hold here");
        finding.position = child.key_position;
        compilation.report.add_finding(std::move(finding));
      }
      if (child.is_object() || child.is_array()) pending.push_back(&child);
    }
  }
}

}  // namespace caponier::plan
