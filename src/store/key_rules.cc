#include "store/key_rules.h"

#include <algorithm>

#include "base/address.h"
#include "base/bytes.h"

namespace caponier::store {
namespace {

// RFC 6749 section 3.3: scope-token.
bool is_scope(std::string_view scope) {
  return !scope.empty() && scope.size() <= kKeyScopeBytesMax &&
         std::ranges::all_of(scope, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

bool are_texts(const std::vector<std::string>& list, std::size_t count_max) {
  return list.size() <= count_max && std::ranges::all_of(list, [](const std::string& text) {
           return !text.empty() && is_plain_text(text, kKeyTextBytesMax);
         });
}

}  // namespace

bool is_plain_text(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && is_utf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<Unit, std::string> judge_request(const KeyRequest& request, std::int64_t now_s) {
  const auto refuse = [](const char* sentence) { return Err(std::string(sentence)); };
  if (request.subject.empty() || !is_plain_text(request.subject, kKeySubjectBytesMax))
    return refuse("the subject must be 1 to 256 bytes of printable text");
  if (!is_plain_text(request.name, kKeyNameBytesMax))
    return refuse("the name must be at most 128 bytes of printable text");
  if (request.scopes.size() > kKeyScopesMax) return refuse("a key has at most 64 scopes");
  if (!std::ranges::all_of(request.scopes, is_scope))
    return refuse("a scope must be 1 to 128 printable characters without space, quote and backslash");
  if (!are_texts(request.operations, kKeyOperationsMax))
    return refuse("a key has at most 256 operations, each 1 to 256 bytes of printable text");
  if (!are_texts(request.schemes, kKeySchemesMax))
    return refuse("a key has at most 16 security schemes, each 1 to 256 bytes of printable text");
  if (!is_plain_text(request.plan, kKeyTextBytesMax))
    return refuse("the plan must be at most 256 bytes of printable text");
  if (request.addresses.size() > kKeyAddressesMax) return refuse("a key has at most 64 address ranges");
  for (const std::string& address : request.addresses) {
    if (!parse_address_range(address))
      return refuse(
          "an address range must be like 192.0.2.0/24 or 2001:db8::/32, with nothing set behind the prefix");
  }
  if (request.expires_s < 0 || (request.expires_s != 0 && request.expires_s <= now_s))
    return refuse("the time of expiry lies in the past");
  return Unit{};
}

}  // namespace caponier::store
