// A document from which keys are taken names this issuer, once, and leads to https, once.
#include <string>

#include "base/fuzzing.h"
#include "fetch/issuer_metadata.h"
#include "json/document.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

constexpr std::string_view kIssuer = "https://issuer.example";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  const auto metadata = caponier::fetch::read_metadata(text, kIssuer, false, {});
  if (!metadata) {
    require(!metadata.error().empty());
    return 0;
  }
  caponier::json::Document document;
  const auto root = document.read(text, {});
  require(root && root->find("issuer")->string() == kIssuer);
  for (std::size_t i = 0; i < caponier::fetch::kEndpoints; ++i) {
    const auto endpoint = static_cast<caponier::fetch::Endpoint>(i);
    const auto& url = metadata->at(endpoint);
    const auto said = root->find(caponier::fetch::name(endpoint));
    require(said.has_value() == url.has_value());
    if (!url) continue;
    require(url->https && !url->host.empty());
    const auto again = caponier::uri::parse_url(said->string());
    require(again && again->text() == url->text());
  }
  return 0;
}
