// What a stage answers: Allow(product), Answer(response), Deny(reason) or Need(what). No verdict means deny.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "reasons/reasons.h"

namespace caponier::stages {

struct Denial {
  Reason reason = Reason::kNoVerdict;
  std::string_view stage;             // "authenticate"
  std::string detail;                 // private, in our own words; never a value that a client sent
  std::string_view where;             // "openapi.yaml:12:7", views the Plan
  std::int64_t retry_after_s = 0;     // of 429 and 503
  std::uint32_t allowed_methods = 0;  // of 405: bit set over http::Method
  bool challenge = false;             // of 401: send WWW-Authenticate
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

// What only the driver can get. It resumes at the stage that asked.
struct NeedKeys {
  std::uint32_t issuer = 0;  // index into Plan::issuers
  std::string_view key_id;   // views the exchange's arena
};

// A complete answer by the gateway itself (a preflight, later: health, JWKS).
struct LocalResponse {
  std::uint16_t status = 204;
  std::string body;
  std::string content_type;
  std::string location;  // of a redirect
};

template <class T>
class [[nodiscard]] Verdict {
 public:
  Verdict(T product) : state_(std::in_place_index<0>, std::move(product)) {}            // NOLINT
  Verdict(LocalResponse answer) : state_(std::in_place_index<1>, std::move(answer)) {}  // NOLINT
  Verdict(Denial denial) : state_(std::in_place_index<2>, std::move(denial)) {}         // NOLINT
  Verdict(NeedKeys need) : state_(std::in_place_index<3>, need) {}                      // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] LocalResponse* answer() { return std::get_if<1>(&state_); }
  [[nodiscard]] Denial* denial() { return std::get_if<2>(&state_); }
  [[nodiscard]] NeedKeys* need() { return std::get_if<3>(&state_); }

  // This verdict, which is not an Allow, as one for another product.
  template <class U>
  Verdict<U> refusal() && {
    if (auto* a = answer()) return std::move(*a);
    if (auto* d = denial()) return std::move(*d);
    if (auto* n = need()) return *n;
    return Denial{};
  }

 private:
  std::variant<T, LocalResponse, Denial, NeedKeys> state_;
};

}  // namespace caponier::stages
