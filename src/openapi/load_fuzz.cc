// Any text either loads or is refused with located diagnostics; every reference in it can be asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "openapi/contract.h"

namespace {

void resolve_all(const caponier::openapi::Contract& contract) {
  std::vector<const caponier::Node*> open = {contract.main_tree().root()};
  caponier::Diagnostics diagnostics;
  while (!open.empty()) {
    const caponier::Node* node = open.back();
    open.pop_back();
    for (const caponier::Node& child : *node) {
      if (child.key == "$ref" && child.is_string()) contract.resolve(*node, child.text, diagnostics);
      open.push_back(&child);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  caponier::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto contract = caponier::openapi::load_contract(text, "fuzz.yaml", diagnostics);
  if (contract == nullptr) {
    if (!diagnostics.has_errors()) std::abort();  // refused without a reason
    return 0;
  }
  for (const auto& diagnostic : diagnostics.all()) {
    if (caponier::to_text(diagnostic).empty()) std::abort();
  }
  for (const auto& operation : contract->operations) {
    if (operation.base_paths.empty() || operation.id.empty()) std::abort();
  }
  resolve_all(*contract);
  return 0;
}
