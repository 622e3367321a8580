#include "plan/key_files.h"

#include <algorithm>

#include "plan/issuers.h"
#include "plan/policy_members.h"

namespace caponier::plan {

std::vector<KeyFile> key_files(const openapi::Contract& contract, const config::Config& config) {
  std::vector<KeyFile> out;
  const auto add = [&out](std::string name, Diagnostic at) {
    const auto same = [&name](const KeyFile& other) { return other.name == name; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back({std::move(name), std::move(at)});
  };
  for (const config::SchemeBinding& binding : config.schemes) {
    if (!binding.keys_file.empty()) add(binding.keys_file, diagnostic_at(binding.origin, {}, {}));
  }
  Diagnostics ignored;  // whoever compiles reports them
  Report report(ignored);
  for (const openapi::SecurityScheme& scheme : contract.schemes) {
    const SchemeMembers members = read_scheme_members({contract.file_of(*scheme.node), scheme.node}, report);
    if (!members.keys_file) continue;
    const Source& source = members.keys_file->source;
    add(beside(source.file, members.keys_file->value), diagnostic_at(source, {}, {}));
  }
  return out;
}

}  // namespace caponier::plan
