#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"
#include "uri/url.h"

namespace caponier::config {
namespace {

constexpr std::string_view kSessionKeys[] = {"issuer",      "origin",       "path", "scopes",  "parameters",
                                             "after_login", "after_logout", "idle", "lifetime"};
// What the gateway says itself in an authorization request.
constexpr std::string_view kOwnParameters[] = {
    "response_type", "response_mode", "client_id",      "redirect_uri",          "scope",      "state",
    "nonce",         "request",       "code_challenge", "code_challenge_method", "request_uri"};
constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = 24 * 3600 * kSecondMs;

// A path without anything that could be read in two ways.
bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.find("//") != std::string_view::npos ||
      path.find("/.") != std::string_view::npos) {
    return false;
  }
  return std::ranges::all_of(path, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '-' || c == '_' || c == '.' || c == '~';
  });
}

void read_origin(Reader& reader, const Node& said, Session& session) {
  const Node* node = reader.required(said, "origin", "a session");
  if (node == nullptr) return;
  session.origin = reader.text(said, "origin").value_or("");
  const auto url = uri::parse_url(session.origin);
  const bool bare = url && url->https && url->path == "/" && url->query.empty();
  if (bare) {
    session.origin = "https://" + url->authority();
  } else if (!session.origin.empty()) {
    reader.error(*node, "invalid-value",
                 "`origin` is where browsers see the gateway, by https, without a path",
                 "Write it as https://app.example.com: a session's cookie is sent over TLS only.");
  }
}

void read_paths(Reader& reader, const Node& said, Session& session) {
  if (auto path = reader.text(said, "path")) {
    session.path = std::move(*path);
    if (!is_plain_path(session.path) || session.path.ends_with('/')) {
      reader.error(*said.find("path"), "invalid-value", "`path` is not a path for login and logout",
                   "Write it as /auth: letters, digits, - _ . ~ between slashes.");
    }
  }
  if (auto path = reader.text(said, "after_login")) {
    session.after_login = std::move(*path);
    if (!is_plain_path(session.after_login)) {
      reader.error(*said.find("after_login"), "invalid-value", "`after_login` is not a path of this origin",
                   "Write it as /home.");
    }
  }
  if (auto place = reader.text(said, "after_logout")) {
    session.after_logout = std::move(*place);
    const auto url = uri::parse_url(session.after_logout);
    if (!url || !url->https) {
      reader.error(*said.find("after_logout"), "invalid-value", "`after_logout` is not an https URL",
                   "Write one that the issuer knows as a post_logout_redirect_uri of this client.");
    }
  }
}

void read_parameters(Reader& reader, const Node& said, Session& session) {
  const Node* parameters = reader.object(said, "parameters");
  if (parameters == nullptr) return;
  for (const Node& node : *parameters) {
    const std::string name(node.key);
    auto value = reader.text(*parameters, name);
    if (std::ranges::find(kOwnParameters, name) != std::end(kOwnParameters)) {
      reader.error_at_key(node, "invalid-value", quote(name) + " is said by the gateway itself",
                          name == "scope" ? "Use `scopes`." : "Leave it out.");
    } else if (value) {
      session.parameters.emplace_back(name, std::move(*value));
    }
  }
}

}  // namespace

void read_session(Reader& reader, const Node& node, SchemeBinding& binding) {
  const Node* said = node.find("session");
  if (said == nullptr || !reader.check_keys(*said, kSessionKeys, "a session")) return;
  Session session;
  session.at = reader.origin_of(*said);
  reader.required(*said, "issuer", "a session");
  if (auto issuer = reader.text(*said, "issuer")) binding.issuers = {std::move(*issuer)};
  read_origin(reader, *said, session);
  read_paths(reader, *said, session);
  read_parameters(reader, *said, session);
  session.scopes = reader.texts(*said, "scopes");
  if (const auto idle = reader.duration_ms(*said, "idle", 60 * kSecondMs, kDayMs))
    session.idle_s = *idle / kSecondMs;
  if (const auto lifetime = reader.duration_ms(*said, "lifetime", 60 * kSecondMs, 30 * kDayMs))
    session.lifetime_s = *lifetime / kSecondMs;
  binding.session = std::move(session);
}

}  // namespace caponier::config
