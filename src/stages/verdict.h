// What a stage answers: Allow(product), Answer(response), Deny(reason) or Need(what). No verdict means deny.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "plan/login.h"
#include "reasons/reasons.h"

namespace caponier::stages {

struct Denial {
  Reason reason = Reason::kNoVerdict;
  std::string_view stage;             // "authenticate"
  std::string detail;                 // private, in our own words; never a value that a client sent
  std::string_view where;             // "openapi.yaml:12:7", views the Plan
  std::int64_t retry_after_s = 0;     // of 429 and 503
  std::uint32_t allowed_methods = 0;  // of 405: bit set over http::Method
  std::string_view challenges;        // of 401: lines of WWW-Authenticate; views the Plan or the arena
  std::uint32_t login = UINT32_MAX;   // whose session was refused, by index of Plan::logins
  bool guess = false;                 // counts as a failed authentication of the address
  bool asked_in_vain = false;         // a login that was asked for what is missing has just not brought it
  std::string location;               // where a browser is sent instead; then the answer is a redirect
  std::string headers;                // whole lines besides
  // Whom a refused credential claims to speak for, as a keyed hash; 0: nobody can tell.
  std::uint64_t attempted = 0;
  std::string_view attempted_name;  // what records call them: "key:<id>", "subject:<hash>"; in the arena
  // What a client may know about a broken schema: pointer and rule, never the value.
  std::string public_pointer;
  std::string public_rule;
};

// A Denial in one line. `detail` is in our own words, `where` views the Plan or the exchange's arena.
inline Denial deny(Reason reason, std::string_view stage, std::string detail = {},
                   std::string_view where = {}) {
  Denial denial;
  denial.reason = reason;
  denial.stage = stage;
  denial.detail = std::move(detail);
  denial.where = where;
  return denial;
}

// What the client is told.
inline std::uint16_t status_of(const Denial& denial) {
  constexpr std::uint16_t kFound = 302;
  return denial.location.empty() ? entry(denial.reason).status : kFound;
}

// What only the driver can get. It resumes at the stage that asked.
struct NeedKeys {
  std::uint32_t issuer = 0;  // index into Plan::issuers
  std::string_view key_id;   // views the exchange's arena
};

struct NeedIntrospection {
  std::uint32_t issuer = 0;  // index into Plan::issuers
  std::string_view token;    // views the request's head
};
// The tokens of a browser's session must be renewed.
struct NeedSession {
  std::uint32_t login = 0;               // index into Plan::logins
  std::array<std::uint8_t, 32> session;  // by its digest
};

// A browser logs in or out: what it asks for is answered by whoever speaks with the issuer.
struct NeedLogin {
  std::uint32_t login = 0;  // index into Plan::logins
  plan::LoginAction action = plan::LoginAction::kLogin;
};

// Whether a password is that of a hash: work for another thread.
struct NeedPassword {
  std::string_view hash;      // argon2id, as the users' file has it; views the Plan
  std::string_view password;  // views the exchange's arena
  std::uint64_t asker = 0;    // keyed hash of the address that asks
};
using Need = std::variant<NeedKeys, NeedIntrospection, NeedSession, NeedLogin, NeedPassword>;

// A complete answer by the gateway itself (a redirect, published keys).
struct LocalResponse {
  std::uint16_t status = 204;
  std::string body;
  std::string content_type;
  std::string location;  // of a redirect
  std::string_view cache_control = "no-store";
  std::string headers;  // whole lines besides
};

// What a login or logout came to.
struct LoginAnswer {
  LocalResponse response;
  Reason refused = Reason::kNone;
  std::string detail;
  bool guess = false;  // what was refused was shown by whoever began a login, and is not the issuer's
};

template <class T>
class [[nodiscard]] Verdict {
 public:
  Verdict(T product) : state_(std::in_place_index<0>, std::move(product)) {}            // NOLINT
  Verdict(LocalResponse answer) : state_(std::in_place_index<1>, std::move(answer)) {}  // NOLINT
  Verdict(Denial denial) : state_(std::in_place_index<2>, std::move(denial)) {}         // NOLINT
  Verdict(Need need) : state_(std::in_place_index<3>, need) {}                          // NOLINT
  Verdict(NeedKeys need) : state_(std::in_place_index<3>, need) {}                      // NOLINT
  Verdict(NeedIntrospection need) : state_(std::in_place_index<3>, need) {}             // NOLINT
  Verdict(NeedSession need) : state_(std::in_place_index<3>, need) {}                   // NOLINT
  Verdict(NeedLogin need) : state_(std::in_place_index<3>, need) {}                     // NOLINT
  Verdict(NeedPassword need) : state_(std::in_place_index<3>, need) {}                  // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] LocalResponse* answer() { return std::get_if<1>(&state_); }
  [[nodiscard]] Denial* denial() { return std::get_if<2>(&state_); }
  [[nodiscard]] Need* need() { return std::get_if<3>(&state_); }

  // This verdict, which is not an Allow, as one for another product.
  template <class U>
  Verdict<U> refusal() && {
    if (auto* a = answer()) return std::move(*a);
    if (auto* d = denial()) return std::move(*d);
    if (auto* n = need()) return *n;
    return Denial{};
  }

 private:
  std::variant<T, LocalResponse, Denial, Need> state_;
};

}  // namespace caponier::stages
