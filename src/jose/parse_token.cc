#include "jose/parse_token.h"
#include "base/bytes.h"
#include "jose/jwk.h"
#include "jose/payload_limits.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

constexpr std::uint32_t kHeaderDepthMax = 8;
constexpr std::uint32_t kHeaderNodesMax = 128;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

// A member that is absent or a string. False if it is something else.
bool read_text(json::Value object, std::string_view member, std::optional<std::string_view>& out) {
  const auto value = object.find(member);
  if (!value) return true;
  if (!value->is(json::Kind::kString)) return false;
  out = value->string();
  return true;
}

enum class Purpose : std::uint8_t { kToken, kSignedText, kProof, kIntrospection };

// Whatever would let the token choose its own key, or asks for an extension: none is understood here (RFC
// 7515 section 4.1.11, RFC 8725 section 3.10, RFC 7797 section 6).
bool has_critical_member(json::Value header, Purpose purpose) {
  for (std::string_view member : {"crit", "jku", "x5u", "x5c", "b64"}) {
    if (header.find(member)) return true;
  }
  // A proof brings its key along: that is what it proves to hold.
  return header.find("jwk").has_value() != (purpose == Purpose::kProof);
}

bool is_access_token_type(std::string_view type) {
  return equals_ignore_case(type, "at+jwt") || equals_ignore_case(type, "application/at+jwt");
}

// A token within a token is not opened, so its claims are not those of a verified one.
bool is_of_served_type(json::Value header, Purpose purpose, bool& is_access_token) {
  std::optional<std::string_view> type;
  if (purpose == Purpose::kSignedText) return true;
  if (header.find("cty") || !read_text(header, "typ", type)) return false;
  if (purpose == Purpose::kProof) return type && equals_ignore_case(*type, "dpop+jwt");
  if (purpose == Purpose::kIntrospection)
    return type && (equals_ignore_case(*type, "token-introspection+jwt") ||
                    equals_ignore_case(*type, "application/token-introspection+jwt"));
  is_access_token = type && is_access_token_type(*type);
  return !type || is_access_token || equals_ignore_case(*type, "JWT");
}

std::optional<TokenError> read_header(std::string_view text, Purpose purpose, UnverifiedToken& token) {
  JsonLimits limits;
  limits.bytes_max = static_cast<std::uint32_t>(text.size());
  limits.depth_max = kHeaderDepthMax;
  limits.nodes_max = kHeaderNodesMax;
  json::Document document;
  const auto header = document.read(text, limits);
  if (!header || !header->is(json::Kind::kObject)) return TokenError::kMalformed;

  std::optional<std::string_view> algorithm;
  std::optional<std::string_view> key_id;
  if (!read_text(*header, "alg", algorithm) || !algorithm) return TokenError::kMalformed;
  if (!read_text(*header, "kid", key_id)) return TokenError::kMalformed;
  if (key_id && (key_id->empty() || key_id->size() > kKeyIdBytesMax)) return TokenError::kMalformed;
  const auto known = parse_algorithm(*algorithm);
  if (!known) return TokenError::kUnsupportedAlgorithm;
  if (has_critical_member(*header, purpose)) return TokenError::kCriticalHeader;
  if (!is_of_served_type(*header, purpose, token.is_access_token)) return TokenError::kWrongType;
  token.algorithm = *known;
  if (key_id) token.key_id = *key_id;
  return std::nullopt;
}

std::optional<TokenError> read_issuer(UnverifiedToken& token, const TokenLimits& limits) {
  json::Document document;
  const auto claims = document.read(token.payload, payload_limits(limits));
  if (!claims || !claims->is(json::Kind::kObject)) return TokenError::kMalformed;
  std::optional<std::string_view> issuer;
  if (!read_text(*claims, "iss", issuer)) return TokenError::kMissingClaim;
  if (issuer) token.issuer = *issuer;
  return std::nullopt;
}

Result<UnverifiedToken, TokenError> parse(std::string_view token, Purpose purpose,
                                          const TokenLimits& limits) {
  if (token.size() > limits.token_bytes_max) return Err(TokenError::kMalformed);
  const auto parts = split(token);
  if (!parts) return Err(TokenError::kMalformed);
  const auto header = base64url_decode(parts->header);
  if (!header) return Err(TokenError::kMalformed);

  UnverifiedToken result{};
  if (const auto error = read_header(*header, purpose, result)) return Err(*error);
  auto payload = base64url_decode(parts->payload);
  auto signature = base64url_decode(parts->signature);
  if (!payload || !signature || signature->empty()) return Err(TokenError::kMalformed);
  result.payload = std::move(*payload);
  result.signature = std::move(*signature);
  result.signing_input = token.substr(0, parts->header.size() + 1 + parts->payload.size());
  return result;
}

}  // namespace

std::optional<std::string_view> token_header(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return std::nullopt;
  return parts->header;
}

Result<UnverifiedToken, TokenError> parse_proof(std::string_view proof, const TokenLimits& limits) {
  return parse(proof, Purpose::kProof, limits);
}

Result<UnverifiedToken, TokenError> parse_token(std::string_view token, const TokenLimits& limits) {
  auto result = parse(token, Purpose::kToken, limits);
  if (!result) return result;
  if (const auto error = read_issuer(*result, limits)) return Err(*error);
  return result;
}

Result<UnverifiedToken, TokenError> parse_introspection(std::string_view text, const TokenLimits& limits) {
  return parse(text, Purpose::kIntrospection, limits);
}

Result<UnverifiedToken, TokenError> parse_signed_text(std::string_view text, const TokenLimits& limits) {
  return parse(text, Purpose::kSignedText, limits);
}

}  // namespace caponier::jose
