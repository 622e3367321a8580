#include "upstream/health_check.h"

#include <optional>
#include <string_view>
#include <utility>

#include "http/h1_decoder.h"

namespace caponier::upstream {

namespace {

// What comes of an endpoint's answer is read until its head is complete.
struct Reading {
  static constexpr std::uint32_t kInterimMax = 16;
  HttpLimits limits;
  http::ResponseDecoder decoder{limits};
  std::string received;
  std::uint32_t interim = 0;

  // The status, 0 while there is none yet; nothing if this is not HTTP.
  std::optional<std::uint16_t> take(std::string_view bytes) {
    received.append(bytes);
    for (;;) {
      const auto status = decoder.feed(received);
      if (!status) return std::nullopt;
      if (*status != http::HeadStatus::kComplete) return std::uint16_t{0};
      if (decoder.head().status >= 200) return decoder.head().status;
      if (++interim > kInterimMax) return std::nullopt;
      received.erase(0, decoder.head_bytes());
      decoder.begin(http::Method::kGet);
    }
  }
};

}  // namespace

HealthQuestion health_question(const ClusterSettings& settings, Target target, std::int64_t now_ms) {
  const HealthCheckRules& rules = settings.rules.health_check;
  HealthQuestion question;
  question.target = std::move(target);
  question.authority = settings.authority;
  question.path = rules.path;
  question.status = rules.status;
  question.deadline_ms = now_ms + (rules.path.empty() ? settings.limits.connect_ms : rules.timeout_ms);
  return question;
}

net::Task<std::string> ask_health(net::Network& network, HealthQuestion question) {
  auto opened = co_await open(network, question.target, question.deadline_ms);
  if (!opened) co_return std::move(opened.error().detail);
  net::Stream& stream = **opened;
  if (question.path.empty()) co_return std::string();
  const std::string request = "GET " + question.path + " HTTP/1.1\r\nHost: " + question.authority +
                              "\r\nUser-Agent: caponier-health\r\nConnection: close\r\n\r\n";
  const auto sent = co_await stream.write(request, {}, question.deadline_ms);
  if (!sent.ok()) co_return std::string("closed while its health was asked for");
  Reading reading;
  reading.decoder.begin(http::Method::kGet);
  char block[2048];
  for (;;) {
    const auto read = co_await stream.read(block, sizeof block, question.deadline_ms);
    if (read.status == net::IoStatus::kTimedOut) co_return std::string("gave no answer in time");
    if (!read.ok()) co_return std::string("closed before its answer was complete");
    const auto answered = reading.take({block, read.bytes});
    if (!answered) co_return std::string("answered with malformed HTTP");
    if (*answered == 0) continue;
    stream.abort();  // whatever the body is
    if (*answered == question.status) co_return std::string();
    co_return "answered with status " + std::to_string(*answered);
  }
}

void Cluster::check_all() {
  if (stopped_) return;
  for (const auto& endpoint : endpoints_) {
    if (std::exchange(endpoint->probing, true)) continue;
    net::spawn(check(shared_from_this(), endpoint->id, endpoint->pool.target()));
  }
  network_.loop().timers().set(check_timer_, now_ms() + settings_.rules.health_check.interval_ms);
}

net::Task<void> Cluster::check(std::shared_ptr<Cluster> self, std::uint32_t id, Target target) {
  HealthQuestion question = health_question(self->settings_, std::move(target), self->now_ms());
  const std::string wrong = co_await ask_health(self->network_, std::move(question));
  if (!self->stopped_) self->checked(id, wrong);
}

void Cluster::checked(std::uint32_t id, const std::string& wrong) {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->id != id) continue;
    endpoint->probing = false;
    if (!endpoint->health.checked(settings_.rules.health_check, wrong.empty())) return;
    tell(wrong.empty() ? "is healthy again" : "is unhealthy", *endpoint, wrong);
    return;
  }
}

}  // namespace caponier::upstream
