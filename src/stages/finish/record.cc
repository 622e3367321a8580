#include "stages/finish/record.h"

#include <algorithm>
#include <array>

namespace caponier::stages {
namespace {

bool looks_personal(std::string_view subject) {
  return std::ranges::any_of(subject,
                             [](char c) { return c == '@' || c == ' ' || (c >= '\t' && c <= '\r'); });
}

// The trace ID of a W3C traceparent ("00-<32>-<16>-<2>"); empty of anything else.
std::string_view trace_id_of(std::string_view traceparent) {
  constexpr std::size_t kBytes = 55;
  if (traceparent.size() < kBytes || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-')
    return {};
  const std::string_view id = traceparent.substr(3, 32);
  if (id.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return id.find_first_not_of('0') == std::string_view::npos ? std::string_view() : id;
}

// "hash:" and 16 digits: the same subject can be followed through the log of one process, and not be named.
std::string_view hashed(const DigestKey& key, Arena& arena, std::string_view subject) {
  std::array<char, 21> text = {'h', 'a', 's', 'h', ':'};
  std::uint64_t hash = keyed_hash(key, subject);
  for (std::size_t i = text.size(); i-- > 5; hash >>= 4) text[i] = "0123456789abcdef"[hash & 15U];
  return arena.copy({text.data(), text.size()});
}

std::span<const event::Reported> reported_by(Exchange& exchange) {
  if (exchange.reported.empty()) return {};
  const auto list = exchange.arena.array<event::Reported>(exchange.reported.size());
  std::ranges::transform(exchange.reported, list.begin(), [](const Denial& denial) {
    return event::Reported{denial.reason, denial.stage, denial.detail, denial.where};
  });
  return list;
}

std::string_view shown(const DigestKey& key, Arena& arena, std::string_view subject) {
  return looks_personal(subject) ? hashed(key, arena, subject) : subject;
}

}  // namespace

event::ExchangeRecord make_record(Exchange& exchange, const Outcome& outcome, const DigestKey& key) {
  event::ExchangeRecord record;
  record.wall_ms = exchange.now.wall_ms;
  record.request_id = exchange.request_id;
  record.trace_id = exchange.trace_id;
  if (exchange.peer != nullptr) {
    record.peer = exchange.peer->text;
    record.listener = exchange.peer->listener;
    if (exchange.peer->client) {
      record.client_certificate.text = shown(key, exchange.arena, exchange.peer->client->subject);
    }
  }
  if (exchange.head != nullptr) {
    const std::string_view method = http::name(exchange.head->method);
    record.method = method.empty() ? "OTHER" : method;
    if (!exchange.matched || exchange.matched->operation->undeclared)
      record.raw_path.text = exchange.head->path;
    if (const http::Header* agent = exchange.head->find(http::Field::kUserAgent))
      record.user_agent.text = agent->value;
    // Not continued, but whoever looks for it finds this exchange.
    if (const http::Header* trace = exchange.head->find(http::Field::kTraceparent))
      record.client_trace_id = trace_id_of(trace->value);
  }
  if (exchange.matched) {
    record.operation = exchange.matched->operation->id;
    record.path = exchange.matched->operation->path;
  }
  if (exchange.principal) {
    const Principal& principal = *exchange.principal;
    record.issuer = principal.issuer;
    record.credential = principal.credential;
    record.subject.text = shown(key, exchange.arena, principal.subject);
  }
  if (outcome.denial != nullptr) {
    record.reason = outcome.denial->reason;
    record.stage = outcome.denial->stage;
    record.detail = outcome.denial->detail;
    record.where = outcome.denial->where;
    record.attempted = outcome.denial->attempted_name;
  }
  record.reported = reported_by(exchange);
  record.status = outcome.status;
  record.upstream_status = outcome.upstream_status;
  record.request_body_bytes = outcome.request_body_bytes;
  record.response_body_bytes = outcome.response_body_bytes;
  record.duration_us = outcome.duration_us;
  record.upstream_us = outcome.upstream_us;
  record.upstream_attempts = outcome.upstream_attempts;
  record.aborted = outcome.aborted;
  return record;
}

}  // namespace caponier::stages
