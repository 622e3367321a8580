// Bodies that an administrator sends: strict, bounded, and what is refused is not repeated.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "gateway/json_request.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;
using namespace caponier::gateway;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  JsonRequest request;
  const auto read = request.read(text, {"subject", "scopes"});
  if (!read) {
    // A sentence of ours, with nothing of what came.
    require(read.error().size() < 200 && read.error().find("SECRET") == std::string::npos);
    return 0;
  }
  require(size <= JsonRequest::kBytesMax);
  std::string subject = "unsaid";
  std::vector<std::string> scopes;
  const bool is_text = static_cast<bool>(request.text("subject", subject));
  const bool is_list = static_cast<bool>(request.texts("scopes", scopes));
  // Nothing but the two members can have been there: what is left of them is the whole text.
  json::Document document;
  const auto root = document.read(text.empty() ? "{}" : text, JsonLimits{});
  require(root && root->is(json::Kind::kObject) && root->size() <= 2);
  for (const char* name : {"subject", "scopes"}) {
    const auto value = root->find(name);
    if (!value) continue;
    if (name[1] == 'u') require(is_text == value->is(json::Kind::kString));
    if (name[1] == 'c' && is_list) require(value->is(json::Kind::kArray) && scopes.size() == value->size());
  }
  return 0;
}
