#include "stages/exchange.h"

#include <algorithm>

#include "base/release.h"
#include "base/texts.h"

namespace caponier::stages {

std::string_view Peer::limit_key() const {
  static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const char* bytes = reinterpret_cast<const char*>(address.data());
  // Whoever has one IPv6 address has the 2^64 of its network, too.
  const bool ipv4 = std::equal(kMapped.begin(), kMapped.end(), address.begin());
  return {bytes, ipv4 ? 16U : 8U};
}

bool Proof::carries(std::string_view scope) const {
  return holds && has_word(scopes, scope);
}

std::optional<std::string_view> Principal::claim(std::string_view name) const {
  if (claims) return claims->text(name);
  if (!anonymous && name == "sub") return subject;
  return std::nullopt;
}

void Exchange::reset() {
  plan.reset();
  now = {};
  peer = nullptr;
  head = nullptr;
  request_id = trace_id = span_id = {};
  arena.reset();
  body_document.trim();
  parameter_document.trim();
  scratch.clear();
  upstream_token.reset();
  assertion.clear();
  // What one exchange needed beyond the common is not kept for the next.
  constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;
  for (std::string* text : {&decoded_body, &stripped_body}) {
    if (text->capacity() > kKeptBytes) release(*text);
    text->clear();
  }
  admitted.reset();
  matched.reset();
  principal.reset();
  limited.reset();
  authorized.reset();
  parameters.reset();
  head_decision.reset();
  needs = 0;
  keys_asked = false;
  introspection.reset();
  session_renewed = false;
  login_answer.reset();
  password_check = PasswordCheck::kUnasked;
  reported.clear();
  unverified = false;
  limit_refused.reset();
  forwarded_peer.client.reset();
}

}  // namespace caponier::stages
