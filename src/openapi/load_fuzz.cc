// Any text either loads or is refused with located diagnostics; every reference in it can be asked for. The
// input is cut at the bytes 0xFF, which no UTF-8 has: the document, an overlay over it, and a file that every
// reference to another file leads to.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "openapi/contract.h"

namespace {

using caponier::openapi::LoadInput;

std::string_view take_part(std::string_view& rest) {
  const std::size_t end = rest.find('\xff');
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

void resolve_all(const caponier::openapi::Contract& contract) {
  std::vector<const caponier::Node*> open;
  caponier::Diagnostics diagnostics;
  for (std::size_t tree = 0; tree < contract.trees().size(); ++tree) {
    open.push_back(contract.trees()[tree]->root());
    while (!open.empty()) {
      const caponier::Node* node = open.back();
      open.pop_back();
      for (const caponier::Node& child : *node) {
        if (child.parent != node) std::abort();  // an overlay has left a loose end
        if (child.key == "$ref" && child.is_string()) contract.resolve(*node, child.text, diagnostics);
        open.push_back(&child);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  caponier::Diagnostics diagnostics;
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  LoadInput input;
  input.text = take_part(rest);
  input.file = "fuzz.yaml";
  if (!rest.empty()) input.overlays.push_back({"overlay.yaml", std::string(take_part(rest))});
  input.read_file =
      [file = std::string(rest)](const std::string& path) -> caponier::Result<std::string, std::string> {
    if (file.empty() || path.starts_with('/') || path.find("..") != std::string::npos)
      return caponier::Err(std::string("none"));
    return file;
  };
  const auto contract = caponier::openapi::load_contract(std::move(input), diagnostics);
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
