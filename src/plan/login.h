// Where and how browsers log in: what a session scheme says, compiled. For each, the gateway answers a few
// paths of its own, which the document must not have.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/where.h"

namespace caponier::plan {

inline constexpr std::string_view kSessionCookie = "__Host-session";

// What the gateway answers itself, each at a path of its own.
enum class LoginAction : std::uint8_t { kLogin, kCallback, kLogout, kBackChannelLogout, kSession };
inline constexpr std::size_t kLoginActions = 5;
std::string_view name(LoginAction action);  // of the last part of its path: "backchannel-logout"

struct Login {
  std::string scheme;
  std::string cookie{kSessionCookie};
  std::uint32_t issuer = 0;                      // index into Plan::issuers; it has a client
  std::string origin;                            // "https://app.example.com"
  std::string authority;                         // of it
  std::array<std::string, kLoginActions> paths;  // by LoginAction
  std::string scope;                             // "openid profile"
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string after_login;
  std::string after_logout;
  std::int64_t idle_s = 0;
  std::int64_t lifetime_s = 0;
  Where where;

  [[nodiscard]] const std::string& path(LoginAction action) const {
    return paths[static_cast<std::size_t>(action)];
  }
};

}  // namespace caponier::plan
