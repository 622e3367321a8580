#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"

namespace caponier::config {
namespace {

constexpr std::string_view kKeys[] = {"issuer", "grant", "scope", "audience", "resource"};

}  // namespace

void read_upstream_token(Reader& reader, const Node& node, Upstream& upstream) {
  const Node* said = node.find("token");
  if (said == nullptr || !reader.check_keys(*said, kKeys, "an upstream's `token`")) return;
  UpstreamToken token;
  token.origin = reader.origin_of(*said);
  reader.required(*said, "issuer", "an upstream's `token`");
  token.issuer = reader.text(*said, "issuer").value_or("");
  const std::string grant = reader.text(*said, "grant").value_or("client_credentials");
  token.exchange = grant == "token_exchange";
  if (!token.exchange && grant != "client_credentials") {
    const std::string_view meant = did_you_mean(grant, {"client_credentials", "token_exchange"});
    reader.error(
        *said->find("grant"), "invalid-value", quote(grant) + " is no way to a token for an upstream",
        meant.empty() ? "Write client_credentials or token_exchange." : "Did you mean " + quote(meant) + "?");
  }
  token.scopes = reader.texts(*said, "scope");
  token.audience = reader.text(*said, "audience").value_or("");
  token.resource = reader.text(*said, "resource").value_or("");
  upstream.token = std::move(token);
}

}  // namespace caponier::config
