#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "json/document.h"

namespace caponier::sim {
namespace {

std::string text_of(const json::Value& record, std::string_view name) {
  const auto value = record.find(name);
  return value && value->is(json::Kind::kString) ? std::string(value->string()) : std::string();
}

std::uint64_t number_of(const json::Value& record, std::string_view name) {
  const auto value = record.find(name);
  return value && value->is(json::Kind::kNumber) ? std::stoull(std::string(value->number_text())) : 0;
}

// Of the loop, in one millisecond: more is busy waiting.
constexpr std::uint64_t kTurnsMax = 100'000;

// How many bytes GET /v1/things/7?size=N asks for.
std::size_t size_in(std::string_view target) {
  const std::size_t at = target.find("size=");
  return at == std::string_view::npos ? 20 : std::stoul(std::string(target.substr(at + 5)));
}

}  // namespace

World::World(const Api& api, std::uint64_t seed, const Weather& the_weather)
    : loop(Now{.wall_ms = kStartS * 1000, .steady_us = 1'000'000'000}),
      dice(seed),
      weather(the_weather),
      network(loop, seed, the_weather.faults),
      shared(api.plan->limits, api.plan->operations.size(), dice),
      keys(std::make_unique<fetch::KeyService>(network, api.key.public_key_set(), std::string(),
                                               [](const fetch::KeyEvent&) {})),
      plan_(api.plan) {
  choose = [this](const Seen& seen) { return answer(seen); };
  shared.give_records = [this](std::string& lines) { take_records(lines); };
  const auto generation = make_generation();
  worker = std::make_unique<gateway::Worker>(shared, generation, network, dice);
  keys->use(plan_, generation->key_sources);
  upstream =
      std::make_unique<Upstream>(network, kUpstreamPort, [this](const Seen& seen) { return choose(seen); });
  auto listener = network.listen(*net::parse_address("127.0.0.1", kGatewayPort)).value();
  surface_ = std::make_shared<gateway::Surface>(gateway::Surface{"public", false, nullptr, {}});
  worker->serve(std::move(listener), surface_);
  worker->start();
}

std::shared_ptr<gateway::Generation> World::make_generation() {
  auto generation = std::make_shared<gateway::Generation>(plan_, ++generations_);
  generation->metric_rows = shared.metric_names.rows_of(*plan_);
  gateway::attach_keys(*generation, *keys, loop.now());
  return generation;
}

void World::speak_http2_upstream() {
  speaks_http2_ = true;
  upstream->speak_http2(dice.next() | 1);
}

void World::stand_behind_proxy() {
  gateway::Surface surface = *surface_;
  surface.rules.proxy_protocol.push_back(*parse_address_range("127.0.0.1"));
  surface_ = std::make_shared<gateway::Surface>(surface);
  reload();
}

void World::reload() {
  const auto before = worker->service()->generation;
  const auto next = make_generation();
  gateway::inherit(*before, *next);
  keys->use(plan_, next->key_sources);
  worker->replace(next, {surface_});
}

World::~World() {
  // What hangs is reported by run(); its frames must not outlive what they refer to.
  net::destroy_spawned();
  // The last records leave with the worker.
  worker.reset();
}

void World::add_endpoint() {
  const auto port = static_cast<std::uint16_t>(kUpstreamPort + 1 + others.size());
  network.set_host("localhost", {*net::parse_address("127.0.0.1", 0)});
  others.push_back(
      std::make_unique<Upstream>(network, port, [this](const Seen& seen) { return choose(seen); }));
}

Visit& World::add_visit() {
  visits.push_back(std::make_unique<Visit>());
  return *visits.back();
}

void World::run() {
  // The gateway is told by the stream below, as after a handshake.
  if (std::ranges::any_of(visits, [](const auto& visit) { return visit->http2; })) network.set_protocol("h2");
  for (const auto& visit : visits) {
    const auto pays = visit->feed ? pay_websocket : visit->http2 ? pay_http2 : pay;
    net::spawn(pays(&network, visit.get(), dice.next(), patience_ms));
  }
  std::int64_t since_ms = 0;
  std::uint64_t turns = 0;
  const bool over = loop.run_until([&] {
    turns = std::exchange(since_ms, loop.now_ms()) == loop.now_ms() ? turns + 1 : 0;
    if (turns > kTurnsMax) return true;
    return std::ranges::all_of(visits, [](const auto& visit) { return visit->done; });
  });
  if (turns > kTurnsMax) unrest += "the loop turned without end\n";
  if (!over) unrest += "a client never ended\n";
  shared.draining.store(true);
  keys->stop();
  worker->drain();
  // Exchanges whose client has gone end by their deadlines.
  if (!loop.run_until([this] { return worker->idle(); }, 200'000)) unrest += "connections stayed open\n";
  worker->flush_records();
  for (const gateway::UpstreamSide& side : worker->service()->generation->upstreams) {
    if (side.load->requests != 0 || side.load->pending != 0)
      unrest += "requests are still counted at an upstream\n";
  }
  for (const upstream::EndpointState& endpoint : worker->gauges().endpoints) {
    if (endpoint.requests != 0) unrest += "requests are still counted at " + endpoint.address + '\n';
  }
  if (shared.connections.total() != 0) unrest += "connections are still counted\n";
  // What waits to leave to an upstream may still be on its way.
  constexpr std::uint64_t kPooledBytesMax = std::uint64_t{64} * 1024;
  if (!loop.run_until([this] { return worker->bytes_in_blocks() < kPooledBytesMax; }, 10'000))
    unrest += "buffers are still in use: " + std::to_string(worker->bytes_in_blocks()) + " bytes\n";
  // Blocks of buffers, those of pooled connections included, are all given back with the worker's end.
  upstream->close();
  for (const auto& other : others) other->close();
  worker.reset();
  if (shared.in_flight_bytes.load() != 0)
    unrest += "bytes are still counted as in flight: " + std::to_string(shared.in_flight_bytes.load()) + "\n";
  constexpr std::int64_t kLongestCheckMs = 6000;
  loop.run_for(kLongestCheckMs);
  std::size_t slow = upstream->open();
  for (const auto& other : others) slow += other->open();
  if (const std::size_t left = net::destroy_spawned(); left != slow)
    unrest += std::to_string(left - slow) + " tasks never ended\n";
}

// Of a WebSocket: it echoes until it dies, in bad weather, or does not open it at all.
Answer World::answer_feed(const Seen& seen) {
  Answer answer;
  answer.bytes = switch_bytes(seen.id);
  answer.echoes = true;
  if (dice.chance(30)) answer.delay_ms = static_cast<std::int64_t>(dice.below(500));
  if (!dice.chance(weather.bad_upstream_percent)) return answer;
  answer.resets = dice.chance(50);
  answer.dies_at = dice.below(2 * answer.bytes.size());
  if (!dice.chance(30)) return answer;
  answer = {};
  answer.bytes = response_bytes(seen.id, 422, thing(seen.id, 50), Framing::kLength, false);
  return answer;
}

Answer World::answer(const Seen& seen) {
  if (!seen.header("Upgrade").empty()) return answer_feed(seen);
  Answer answer;
  const auto framing = static_cast<Framing>(dice.below(3));
  const std::string body = thing(seen.id, size_in(seen.target));
  answer.bytes = response_bytes(seen.id, 200, body, framing, seen.method == "HEAD", 1 + dice.below(8000));
  answer.closes = framing == Framing::kUntilClose;
  if (dice.chance(20)) answer.bytes.insert(0, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  if (dice.chance(30)) answer.delay_ms = static_cast<std::int64_t>(dice.below(500));
  if (!dice.chance(weather.bad_upstream_percent)) return answer;
  answer.abrupt = speaks_http2_;
  if (speaks_http2_ && dice.chance(15)) {
    answer.refuses = true;
    return answer;
  }
  if (!speaks_http2_ && !answer.closes && dice.chance(15)) {
    // No whole answer: behind the next request, nobody could tell it from that one's.
    answer.stray = "x";
    return answer;
  }
  switch (dice.below(5)) {
    case 0:
      answer.early = true;
      answer.bytes =
          response_bytes(seen.id, 422, thing(seen.id, 50), Framing::kUntilClose, seen.method == "HEAD");
      answer.closes = true;
      break;
    case 1:
      answer.bytes.insert(dice.below(answer.bytes.find("\r\n\r\n")), 1, '\0');
      break;
    case 2:
      answer.delay_ms = 40'000;
      break;
    default:
      answer.dies_at = dice.below(answer.bytes.size());
      answer.resets = dice.chance(50);
      break;
  }
  return answer;
}

void World::take_records(std::string& lines) {
  json::Document document;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const auto line = document.read(std::string_view(lines).substr(at, end - at), JsonLimits{});
    at = end + 1;
    Record record;
    if (line) {
      record.type = text_of(*line, "type");
      record.request_id = text_of(*line, "request_id");
      record.reason = text_of(*line, "reason");
      record.stage = text_of(*line, "stage");
      record.detail = text_of(*line, "detail");
      record.id = id_in(text_of(*line, "user_agent"));
      record.status = number_of(*line, "status");
      record.attempts = number_of(*line, "attempts");
      record.aborted = line->find("aborted").has_value();
    }
    records.push_back(std::move(record));
  }
  lines.clear();
}

std::vector<const Record*> World::records_of(std::uint32_t id) const {
  std::vector<const Record*> found;
  for (const Record& record : records) {
    if (record.id == id) found.push_back(&record);
  }
  return found;
}

std::string World::verdict() const {
  std::string wrong = unrest;
  check_records(*this, wrong);
  check_upstream(*this, wrong);
  check_responses(*this, wrong);
  check_feeds(*this, wrong);
  return wrong;
}

}  // namespace caponier::sim
