#include "upstream/health_check.h"

#include <algorithm>
#include <utility>

#include "upstream/pool.h"

namespace caponier::upstream {

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

// On a connection of its own, by whatever the endpoint speaks.
net::Task<std::string> ask_health(net::Network& network, HealthQuestion question) {
  BlockPool blocks(1);
  PoolLimits limits;
  limits.connect_ms = std::max<std::int64_t>(question.deadline_ms - network.loop().now_ms(), 1);
  Pool pool(network, blocks, question.target, limits);
  auto connected = co_await pool.connect(question.deadline_ms);
  if (!connected) co_return std::move(connected.error().detail);
  if (question.path.empty()) co_return std::string();
  const Pool::Lease connection = std::move(*connected);
  std::string request = "GET " + question.path + " HTTP/1.1\r\nHost: " + question.authority +
                        "\r\nUser-Agent: caponier-health\r\nConnection: close\r\n";
  const RequestBody no_body;
  connection->begin(http::Method::kGet, false);
  const auto sent = co_await connection->send(request, no_body, question.deadline_ms, net::kNoDeadline);
  if (!sent.ok()) co_return std::string("closed while its health was asked for");
  for (;;) {
    const auto read = co_await connection->receive(question.deadline_ms);
    if (read.status == net::IoStatus::kTimedOut) co_return std::string("gave no answer in time");
    const bool malformed = connection->fault() == Fault::kMalformed;
    if (!read.ok() && !malformed) co_return std::string("closed before its answer was complete");
    connection->received(read.ok() ? read.bytes : 0);
    const auto answered = connection->read_head();
    if (malformed || !answered) co_return std::string("answered with malformed HTTP");
    if (*answered != http::HeadStatus::kComplete) continue;
    const std::uint16_t status = connection->head().status;
    connection->abort();  // whatever the body is
    if (status == question.status) co_return std::string();
    co_return "answered with status " + std::to_string(status);
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
