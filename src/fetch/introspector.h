// Asks an issuer what its tokens are (RFC 7662), as a client of its own. Lives on one loop, workers ask from
// theirs: requests with the same token wait for one answer, and what was answered is kept by who asked. Those
// that were on their way meanwhile get the same answer.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fetch/asking.h"
#include "fetch/issuer_client.h"
#include "fetch/key_source.h"
#include "net/network.h"
#include "plan/plan.h"
#include "stages/exchange.h"

namespace caponier::fetch {

inline constexpr std::size_t kIntrospectionsMax = 128;  // under way at a time; over it, nobody is asked

inline constexpr std::int64_t kJustAnsweredMs = 1'000;  // for which an answer is given again
inline constexpr std::size_t kJustAnsweredMax = 1'024;

inline constexpr std::int64_t kIntrospectionPauseMs = 1'000;  // in which an issuer that is away is not asked

class Introspector : public std::enable_shared_from_this<Introspector> {
 public:
  using Answer = std::shared_ptr<const stages::Introspection>;  // never null

  // The issuer of `client` has an introspection. `report` is called on the network's loop, when the issuer
  // begins or ceases to answer.
  // `keys`: the issuer's, by which signed answers are verified.
  Introspector(net::Network& network, std::shared_ptr<IssuerClient> client, std::shared_ptr<KeySource> keys,
               std::function<void(const KeyEvent&)> report);

  // Waits, on the caller's loop, until the issuer has said what `token` is or the deadline has passed: then
  // it is unavailable. By any thread.
  Asking<Answer> ask(net::Loop& loop, std::string_view token, std::int64_t deadline_ms);

 private:
  // A token that is asked about, or was a moment ago.
  struct Question {
    std::vector<Reply<Answer>> waiting;
    Answer answer;              // null: under way
    std::int64_t until_ms = 0;  // steady
  };

  void take(std::string token, const Reply<Answer>& reply);
  void forget_old();
  net::Task<void> forget_in_time(std::shared_ptr<Introspector> self);
  net::Task<void> introspect(std::shared_ptr<Introspector> self, std::string token);
  net::Task<Fetched<std::string>> post(std::string token);
  net::Task<Fetched<uri::Url>> where();
  void finish(std::string token, const Answer& answer);
  [[nodiscard]] Answer read(const std::string& text, std::string& wrong) const;
  [[nodiscard]] Result<jose::Introspected, jose::TokenError> judge(const std::string& text) const;
  [[nodiscard]] bool has_key_of(const std::string& text) const;
  void tell(bool ok, std::string detail);

  [[nodiscard]] const plan::Introspection& how() const { return *client_->issuer().introspection; }

  net::Network& network_;
  const std::shared_ptr<IssuerClient> client_;
  const std::shared_ptr<KeySource> keys_;
  std::function<void(const KeyEvent&)> report_;
  bool failing_ = false;
  std::int64_t not_before_ms_ = 0;  // steady
  std::unordered_map<std::string, Question> questions_;
  std::deque<std::string> answered_;  // the oldest first
  bool forgetting_ = false;
};

}  // namespace caponier::fetch
