#include "store/key_json.h"

#include <array>

#include "base/clock.h"
#include "json/write.h"

namespace caponier::store {
namespace {

void append_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  json::append_string(out, name);
  out += ':';
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_member(out, name);
  json::append_string(out, text);
}

void append_time(std::string& out, std::string_view name, std::int64_t wall_s) {
  if (wall_s != 0) append_text(out, name, time_text(wall_s));
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& list) {
  if (list.empty()) return;
  append_member(out, name);
  out += '[';
  for (const std::string& text : list) {
    if (out.back() != '[') out += ',';
    json::append_string(out, text);
  }
  out += ']';
}

}  // namespace

std::string time_text(std::int64_t wall_s) {
  std::array<char, 24> text;
  format_rfc3339(wall_s * 1000, text.data());
  return std::string(text.data(), 19) + 'Z';
}

void append_key_json(std::string& out, const KeyRecord& key, std::int64_t now_s, std::string_view secret) {
  out += '{';
  append_text(out, "id", key.id);
  append_text(out, "key", secret);
  append_text(out, "state", key.state(now_s));
  append_text(out, "subject", key.subject);
  append_text(out, "name", key.name);
  append_list(out, "schemes", key.schemes);
  append_list(out, "scopes", key.scopes);
  append_list(out, "operations", key.operations);
  append_list(out, "addresses", key.addresses);
  append_text(out, "plan", key.plan);
  append_time(out, "created_at", key.created_s);
  append_time(out, "expires_at", key.expires_s);
  append_time(out, "revoked_at", key.revoked_s);
  append_text(out, "revoked_for", key.revoked_for);
  append_time(out, "rotated_at", key.rotated_s);
  if (now_s < key.previous_until_s) append_time(out, "previous_secret_until", key.previous_until_s);
  append_time(out, "last_used_at", key.last_used_s);
  out += '}';
}

}  // namespace caponier::store
