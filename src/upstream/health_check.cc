#include "upstream/health_check.h"

#include <utility>

#include "http/h1_decoder.h"
#include "upstream/cluster.h"

namespace caponier::upstream {

net::Task<std::string> ask_health(net::Network& network, HealthQuestion question) {
  auto opened = co_await open(network, question.target, question.deadline_ms);
  if (!opened) co_return std::move(opened.error().detail);
  net::Stream& stream = **opened;
  const std::string request = "GET " + question.path + " HTTP/1.1\r\nHost: " + question.authority +
                              "\r\nUser-Agent: caponier-health\r\nConnection: close\r\n\r\n";
  const auto sent = co_await stream.write(request, {}, question.deadline_ms);
  if (!sent.ok()) co_return std::string("closed while its health was asked for");
  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  decoder.begin(http::Method::kGet);
  std::string received;
  char block[2048];
  for (;;) {
    const auto read = co_await stream.read(block, sizeof block, question.deadline_ms);
    if (read.status == net::IoStatus::kTimedOut) co_return std::string("gave no answer in time");
    if (!read.ok()) co_return std::string("closed before its answer was complete");
    received.append(block, read.bytes);
    const auto status = decoder.feed(received);
    if (!status) co_return std::string("answered with malformed HTTP");
    if (*status != http::HeadStatus::kComplete) continue;
    const std::uint16_t answered = decoder.head().status;
    stream.abort();  // whatever the body is
    if (answered == question.status) co_return std::string();
    co_return "answered with status " + std::to_string(answered);
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
  const HealthCheckRules& rules = self->settings_.rules.health_check;
  HealthQuestion question;
  question.target = std::move(target);
  question.authority = self->settings_.authority;
  question.path = rules.path;
  question.status = rules.status;
  question.deadline_ms = self->now_ms() + rules.timeout_ms;
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
