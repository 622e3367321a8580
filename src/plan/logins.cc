#include "plan/logins.h"

#include <algorithm>
#include <utility>

#include "base/arena.h"
#include "uri/path.h"
#include "uri/url.h"

namespace caponier::plan {

std::string_view name(LoginAction action) {
  constexpr std::array<std::string_view, kLoginActions> kNames = {"login", "callback", "logout",
                                                                  "backchannel-logout", "session"};
  return kNames[static_cast<std::size_t>(action)];
}

std::uint32_t add_login(Compilation& compilation, const config::SchemeBinding& binding, std::uint32_t issuer,
                        std::string cookie) {
  const config::Session& said = *binding.session;
  Login login;
  login.scheme = binding.scheme;
  login.cookie = std::move(cookie);
  login.issuer = issuer;
  login.origin = said.origin;
  if (const auto url = uri::parse_url(said.origin)) login.authority = url->authority();
  for (std::size_t i = 0; i < kLoginActions; ++i) {
    login.paths[i] = said.path + "/" + std::string(name(static_cast<LoginAction>(i)));
  }
  login.scope = "openid";
  for (const std::string& scope : said.scopes) {
    if (scope != "openid") login.scope += " " + scope;
  }
  login.parameters = said.parameters;
  login.after_login = said.after_login;
  login.after_logout = said.after_logout.empty() ? said.origin + "/" : said.after_logout;
  login.idle_s = said.idle_s;
  login.lifetime_s = said.lifetime_s;
  login.where.text = said.at.file + ":" + std::to_string(said.at.position.line) + ":" +
                     std::to_string(said.at.position.column);
  auto& logins = compilation.plan->logins;
  for (const Login& other : logins) {
    if (other.paths.front() == login.paths.front() || other.cookie == login.cookie) {
      compilation.report.add(diagnostic_at(
          said.at, "login-twice",
          "the session schemes " + quoted(other.scheme) + " and " + quoted(login.scheme) +
              " log in at the same path or have the same cookie",
          "give each a path, and a cookie: {type: apiKey, in: cookie, name: __Host-name} in the document"));
    }
  }
  logins.push_back(std::move(login));
  return static_cast<std::uint32_t>(logins.size() - 1);
}

void check_logins(Compilation& compilation) {
  const Plan& plan = *compilation.plan;
  for (const Login& login : plan.logins) {
    for (const std::string& path : login.paths) {
      Arena arena(1024);
      const auto parsed = uri::normalize_path(path, arena);
      if (!parsed || !plan.router.match(parsed->segments, http::Method::kGet).path_found) continue;
      const auto bound =
          std::ranges::find(compilation.config.schemes, login.scheme, &config::SchemeBinding::scheme);
      compilation.report.add(
          diagnostic_at(bound->session->at, "login-path-taken",
                        "the gateway answers " + path + " itself, and the document has it too",
                        "write another path: into the session, such as path: /session"));
      break;
    }
  }
}

}  // namespace caponier::plan
