// What must hold at the end of every run.
#include <map>

#include "sim/api.h"
#include "sim/world.h"

namespace caponier::sim {
namespace {

void complain(std::string& wrong, std::uint32_t id, const std::string& what) {
  wrong += "request " + std::to_string(id) + ": " + what + "\n";
}

const Request* request_of(const World& world, std::uint32_t id) {
  for (const auto& visit : world.visits) {
    for (const Request& request : visit->requests) {
      if (request.id == id) return &request;
    }
  }
  return nullptr;
}

bool was_cut(const Request& request) {
  return request.sent_bytes != std::string::npos;
}

std::string why(const World& world, std::uint32_t id) {
  std::string out;
  for (const Record* record : world.records_of(id))
    out += ", recorded as " + record->reason + ": " + record->detail;
  return out;
}

// The one record that tells of this answer.
void check_answer_recorded(const World& world, const Request& request, const Response& response,
                           bool overtaken, std::string& wrong) {
  const Record* found = nullptr;
  for (const Record& record : world.records) {
    if (record.request_id != response.request_id) continue;
    if (found != nullptr) complain(wrong, request.id, "two records of one answer");
    found = &record;
  }
  if (found == nullptr) return complain(wrong, request.id, "an answer without a record");
  const char* type = request.decodable ? "exchange" : "undecodable";
  if (found->type != type) complain(wrong, request.id, "recorded as " + found->type);
  if (found->status != response.status)
    complain(wrong, request.id,
             "recorded with status " + std::to_string(found->status) + ", answered " +
                 std::to_string(response.status));
  if (request.decodable && found->id != request.id) complain(wrong, request.id, "another request's record");
  // A client that left may have got less than was sent.
  if (!response.whole && !overtaken && !found->aborted && world.weather.faults.reset_ppm == 0)
    complain(wrong, request.id, "an answer that is not whole is recorded as whole");
}

// An answer of the upstream, or one of the gateway's, to exactly this request.
void check_response(const World& world, const Request& request, const Response& response, bool left,
                    bool overtaken, std::string& wrong) {
  if (!response.server.empty()) complain(wrong, request.id, "the upstream's Server header came through");
  if (response.request_id.empty()) return complain(wrong, request.id, "an answer without X-Request-ID");
  check_answer_recorded(world, request, response, overtaken, wrong);
  if (!response.sim_id.empty()) {
    if (response.sim_id != std::to_string(request.id))
      complain(wrong, request.id, "got the answer to request " + response.sim_id);
    if (!request.allowed) complain(wrong, request.id, "refused, and answered by the upstream");
    const std::string start = "{\"id\":" + std::to_string(request.id) + ",";
    if (request.method != "HEAD" && !response.body.empty() &&
        start.compare(0, std::string::npos, response.body, 0, std::min(start.size(), response.body.size())) !=
            0 &&
        response.body.size() >= start.size())
      complain(wrong, request.id, "got another request's body: " + response.body.substr(0, 40));
  }
  if (left) return;
  const bool due = response.status == request.status && response.whole;
  if (request.allowed && world.weather.calm() && (!due || response.sim_id.empty()))
    complain(wrong, request.id,
             "allowed in calm weather, got " + std::to_string(response.status) + why(world, request.id));
  if (!request.allowed && response.status != request.status)
    complain(wrong, request.id,
             "due is " + std::to_string(request.status) + ", got " + std::to_string(response.status));
}

void check_visit(const World& world, const Visit& visit, std::string& wrong) {
  bool may_be_closed = !world.weather.calm();
  for (std::size_t i = 0; i < visit.requests.size(); ++i) {
    const Request& request = visit.requests[i];
    // A client that leaves within a pipelined request resets the answers that were on their way.
    const bool left = was_cut(request) || (visit.pipelined && was_cut(visit.requests.back()));
    may_be_closed |= left;
    // The reset that tells of a broken answer overtakes what is left of those before it.
    const bool overtaken = left || (visit.pipelined && !world.weather.calm());
    if (i < visit.responses.size() && visit.responses[i]) {
      const Response& response = *visit.responses[i];
      check_response(world, request, response, left, overtaken, wrong);
      if (response.closes || request.may_close) may_be_closed = true;
    } else if (!may_be_closed) {
      complain(wrong, request.id, "no answer");
    }
  }
  if (visit.stray_bytes) wrong += "more came back than answers\n";
}

// Ours and the caller's, once each, and nothing that the client said about itself.
void check_canonical(const World& world, const Request& request, const Seen& seen, std::string& wrong) {
  const std::string client = world.behind_proxy() ? kProxiedClient : "127.0.0.1";
  if (!seen.header("Forwarded").starts_with("for=" + client + ";"))
    complain(wrong, request.id, "Forwarded: " + seen.header("Forwarded"));
  if (seen.method != request.method || seen.target != request.upstream_target)
    complain(wrong, request.id, "upstream got " + seen.method + " " + seen.target);
  if (seen.header("Host") != "127.0.0.1:9000") complain(wrong, request.id, "Host: " + seen.header("Host"));
  const bool known = !seen.header("Authorization").empty();
  const bool upgrades = !seen.header("Upgrade").empty();
  if (seen.header("Connection") != (upgrades ? "Upgrade" : ""))
    complain(wrong, request.id, "Connection came through");
  if (seen.header("Caponier-Subject") != (known ? "alice" : ""))
    complain(wrong, request.id, "Caponier-Subject: " + seen.header("Caponier-Subject"));
  for (const char* name : {"Cookie", "X-Forwarded-For", "Expect"}) {
    if (!seen.header(name).empty()) complain(wrong, request.id, std::string(name) + " came through");
  }
  if (seen.whole && !upgrades && seen.body != request.upstream_body)
    complain(wrong, request.id, "another body came through");
}

}  // namespace

void check_records(const World& world, std::string& wrong) {
  std::map<std::uint32_t, int> by_id;
  std::map<std::string, int> by_request_id;
  for (const Record& record : world.records) {
    if (record.type == "exchange") {
      ++by_id[record.id];
      const Request* request = request_of(world, record.id);
      if (request == nullptr) {
        wrong += "a record of no request\n";
        continue;
      }
      if (!request->allowed && (record.attempts > 0 || record.reason.empty()))
        complain(wrong, record.id, "refused, but recorded as if it were not");
      if (record.aborted && record.reason.empty()) complain(wrong, record.id, "aborted without a reason");
    } else if (record.type == "refused" && world.behind_proxy()) {
      if (record.reason != "proxy-header-invalid") wrong += "refused for " + record.reason + '\n';
    } else if (record.type != "undecodable" && record.type != "lifecycle") {
      wrong += "an unexpected record of type " + record.type + ": " + record.reason + '\n';
    }
    if (!record.request_id.empty() && ++by_request_id[record.request_id] > 1)
      wrong += "two records of request id " + record.request_id + "\n";
  }
  for (const auto& [id, count] : by_id) {
    if (count > 1) complain(wrong, id, std::to_string(count) + " records");
  }
}

namespace {

void check_endpoint(const World& world, const Upstream& upstream, std::map<std::uint32_t, int>& posts,
                    std::string& wrong) {
  std::map<std::size_t, bool> spoiled;  // connections on which a request stayed incomplete
  for (const auto& seen : upstream.seen()) {
    // Nobody asked for that but the gateway itself.
    if (seen->header("User-Agent") == "caponier-health" && seen->target == "/healthz") continue;
    const Request* request = request_of(world, seen->id);
    if (request == nullptr || !request->allowed) {
      wrong += "the upstream saw request " + std::to_string(seen->id) + ", which is not allowed\n";
      continue;
    }
    if (seen->method == "POST" && ++posts[seen->id] > 1) complain(wrong, seen->id, "a POST came twice");
    if (spoiled[seen->connection])
      complain(wrong, seen->id, "came on a connection whose last body was aborted");
    if (!seen->whole) spoiled[seen->connection] = true;
    check_canonical(world, *request, *seen, wrong);
    if (world.records_of(seen->id).size() != 1) complain(wrong, seen->id, "went upstream without one record");
  }
  wrong += upstream.wrong();
  for (const std::string& scrap : upstream.scraps()) {
    // A head that was cut, because its client left or its connection broke, is of an allowed request too.
    if (scrap.starts_with("cut: ") && std::string_view("GET /healthz ").starts_with(scrap.substr(5, 13)))
      continue;
    const std::size_t at = scrap.find("User-Agent: sim/");
    const std::uint32_t id =
        at == std::string::npos ? 0 : id_in(scrap.substr(at + 12, scrap.find('\r', at) - at - 12));
    const Request* request = request_of(world, id);
    if (!scrap.starts_with("cut: ") || (request != nullptr && !request->allowed))
      wrong += "the upstream got a scrap: " + scrap + "\n";
  }
}

}  // namespace

void check_upstream(const World& world, std::string& wrong) {
  std::map<std::uint32_t, int> posts;
  check_endpoint(world, *world.upstream, posts, wrong);
  for (const auto& other : world.others) check_endpoint(world, *other, posts, wrong);
}

void check_responses(const World& world, std::string& wrong) {
  for (const auto& visit : world.visits) check_visit(world, *visit, wrong);
}

namespace {

// What a client hears is what it said, as far as it comes; a stream ends with the credential that it was
// opened with, and says so.
void check_feed(const World& world, const Request& request, const Response& response, const Feed& feed,
                std::string& wrong) {
  if (!feed.said.starts_with(feed.heard)) complain(wrong, request.id, "heard what it had not said");
  for (const auto& seen : world.upstream->seen()) {
    if (seen->id == request.id && !feed.said.starts_with(seen->body))
      complain(wrong, request.id, "the upstream heard what was not said");
  }
  if (response.status != 101) return;
  const auto records = world.records_of(request.id);
  const bool recorded = records.size() == 1 && records.front()->status == 101;
  if (!recorded) return complain(wrong, request.id, "not exactly one record of a WebSocket");
  const Record& record = *records.front();
  const bool calm = world.weather.calm();
  if (feed.end == Feed::End::kCloses && calm && (feed.heard != feed.said || !feed.closed || record.aborted))
    complain(wrong, request.id, "a WebSocket that closed was not served well: " + record.reason);
  if (feed.end != Feed::End::kWaits) return;
  constexpr std::int64_t kSlackMs = 2000;  // of the weather
  const std::int64_t due_ms = 1'000'000 + (kShortTokenS + world.leeway_s()) * 1000;
  if (feed.ended_ms > due_ms + kSlackMs) complain(wrong, request.id, "a WebSocket outlived its credential");
  if (!calm) return;
  constexpr std::uint16_t kPolicyViolation = 1008;
  if (feed.ended_ms < due_ms) complain(wrong, request.id, "a WebSocket ended before its credential did");
  if (feed.code != kPolicyViolation || record.reason != "token-expired")
    complain(wrong, request.id, "ended by " + std::to_string(feed.code) + ", recorded as " + record.reason);
}

}  // namespace

void check_feeds(const World& world, std::string& wrong) {
  for (const auto& visit : world.visits) {
    if (visit->feed && !visit->responses.empty() && visit->responses.front())
      check_feed(world, visit->requests.front(), *visit->responses.front(), *visit->feed, wrong);
  }
}

}  // namespace caponier::sim
