#include "store/key_lines.h"

#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "json/document.h"
#include "store/key_format.h"

namespace caponier::store {
namespace {

using json::Kind;
using json::Value;

constexpr JsonLimits kLineLimits{.bytes_max = 64 * 1024, .depth_max = 2, .nodes_max = 256};

// Each returns what is wrong with the value, or nothing.
std::string_view set_id(plan::ApiKey& key, const Value& value) {
  if (!value.is(Kind::kString)) return "`id` must be a string";
  key.id = value.string();
  const bool good =
      key.id.size() == kKeyIdBytes && key.id.starts_with("cap_") &&
      std::all_of(key.id.begin() + 4, key.id.end(), [](char c) { return is_digit(c) || is_alpha(c); });
  return good ? "" : "`id` must be \"cap_\" and eight letters or digits";
}

std::string_view set_subject(plan::ApiKey& key, const Value& value) {
  if (!value.is(Kind::kString) || value.string().empty())
    return "`subject` must be a string that is not empty";
  key.subject = value.string();
  return "";
}

std::string_view set_scopes(plan::ApiKey& key, const Value& value) {
  constexpr std::string_view kWrong = "`scopes` must be an array of strings";
  if (!value.is(Kind::kArray)) return kWrong;
  Value scope = value.first_child();
  for (std::uint32_t i = 0; i < value.size(); ++i, scope = scope.next_sibling()) {
    if (!scope.is(Kind::kString)) return kWrong;
    key.scopes.emplace_back(scope.string());
  }
  return "";
}

std::string_view set_expiry(plan::ApiKey& key, const Value& value) {
  if (!value.is(Kind::kNumber) || !value.is_integer() || value.integer() <= 0) {
    return "`expires_at` must be a Unix time in seconds; leave it out for a key that does not expire";
  }
  key.expires_at_s = value.integer();
  return "";
}

std::string_view set_digest(plan::ApiKey& key, const Value& value) {
  const auto bytes = value.is(Kind::kString) ? from_hex(value.string()) : std::nullopt;
  if (!bytes || bytes->size() != key.digest.size()) return "`sha256` must be 64 hexadecimal digits";
  std::copy(bytes->begin(), bytes->end(), key.digest.begin());
  return "";
}

std::string_view set_member(plan::ApiKey& key, std::string_view name, const Value& value) {
  if (name == "id") return set_id(key, value);
  if (name == "subject") return set_subject(key, value);
  if (name == "scopes") return set_scopes(key, value);
  if (name == "expires_at") return set_expiry(key, value);
  if (name == "sha256") return set_digest(key, value);
  if (name == "created_at")
    return value.is(Kind::kNumber) ? "" : "`created_at` must be a Unix time in seconds";
  return "unknown member; known are id, subject, scopes, created_at, expires_at, sha256";
}

std::string_view read_key(plan::ApiKey& key, const Value& line) {
  if (!line.is(Kind::kObject)) return "each line must be a JSON object";
  for (const std::string_view required : {"id", "subject", "scopes", "sha256"}) {
    if (!line.find(required)) return "`id`, `subject`, `scopes` and `sha256` are required";
  }
  Value name = line.first_child();
  for (std::uint32_t i = 0; i < line.size(); ++i) {
    const Value value = name.next_sibling();
    const std::string_view wrong = set_member(key, name.string(), value);
    if (!wrong.empty()) return wrong;
    name = value.next_sibling();
  }
  return "";
}

}  // namespace

Result<KeyLines, std::string> read_key_lines(std::string_view text, const std::string& file) {
  KeyLines lines;
  std::unordered_set<std::string> seen;
  json::Document document;
  std::size_t at = 0;
  for (std::size_t number = 1; at < text.size(); ++number) {
    const auto wrong_here = [&file, number](std::string_view what) {
      return Err(file + ":" + std::to_string(number) + ": " + std::string(what));
    };
    const std::size_t newline = text.find('\n', at);
    const bool ended = newline != std::string_view::npos;
    const std::string_view line = text.substr(at, ended ? newline - at : std::string_view::npos);
    const std::size_t next = ended ? newline + 1 : text.size();
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      const auto value = document.read(line, kLineLimits);
      // The key of a line that a crash tore was never shown to anybody.
      if (!value && !ended && value.error().error == json::ReadError::kTruncated) break;
      if (!value) return wrong_here("not strict JSON (" + std::string(json::name(value.error().error)) + ")");
      plan::ApiKey key;
      const std::string_view wrong = read_key(key, *value);
      if (!wrong.empty()) return wrong_here(wrong);
      const std::string digest(key.digest.begin(), key.digest.end());
      if (!seen.insert(key.id).second || !seen.insert(digest).second) {
        return wrong_here("this key is in the file already");
      }
      lines.keys.push_back(std::move(key));
    }
    at = next;
    lines.bytes = next;
  }
  return lines;
}

}  // namespace caponier::store
