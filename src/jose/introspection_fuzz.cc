// What an authorization server says of a token, plain and signed: whatever it is, nothing is believed of it
// but what the rules allow.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "jose/token.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;
using namespace caponier::jose;

constexpr std::int64_t kNow = 1'700'000'000;

void judge(const Introspected& said) {
  // Of a token that is not active nothing is said.
  require(said.active || (said.claims.subject().empty() && said.claims.scopes().empty() && !said.expires));
  require(said.claims.others().size() <= 2 * 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  if (const auto said = read_introspection(text, {})) judge(*said);
  if (const auto answer = parse_introspection(text, {})) require(!parse_token(text, {}).ok());
  // As if the signature had been verified.
  UnverifiedToken answer{};
  answer.payload = text;
  if (const auto said = read_introspection(answer, {"i", "c", 30, 60}, kNow, {})) {
    judge(*said);
    // Its own words, read by somebody else: issuer and client stand in it.
    require(text.find("iss") != std::string_view::npos || text.find('\\') != std::string_view::npos);
    require(!read_introspection(answer, {"another", "c", 30, 60}, kNow, {}).ok());
    require(!read_introspection(answer, {"i", "c", 30, 60}, kNow + 1000, {}).ok());
  }
  return 0;
}
