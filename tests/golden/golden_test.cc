// Decisions as text: contract, request, verdict, trace, and what `caponier explain` tells a person.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "base/test_folder.h"
#include "cli/verbs.h"
#include "config/config.h"
#include "golden/golden_file.h"
#include "http/h1_decoder.h"
#include "jose/signing_key.h"
#include "openapi/contract.h"
#include "plan/plan.h"
#include "plan/test_keys.h"
#include "stages/finish/record.h"
#include "stages/pipeline.h"

namespace caponier::golden {
namespace {

constexpr std::int64_t kNowS = 1'800'000'000;
constexpr std::string_view kRequestId = "0123456789abcdef0123456789abcdef";

constexpr std::string_view kConfig = R"(upstream: {url: 'http://orders.internal:9000'}
hosts: [api.example.com]
issuers:
  - {issuer: 'https://login.example/', audiences: [orders], jwks_file: keys.json, algorithms: [ES256]}
security_schemes:
  bearer: {issuer: 'https://login.example/'}
defaults:
  rate_limit: {per_address: {off: golden}, per_credential: {off: golden}}
)";

struct Keys {
  jose::SigningKey ours = jose::SigningKey::generate().value();
  jose::SigningKey strangers = jose::SigningKey::generate().value();
};
const Keys& keys() {
  static const Keys kKeys;
  return kKeys;
}

std::shared_ptr<const plan::Plan> compile(const File& file) {
  Diagnostics diagnostics;
  const auto contract = openapi::load_contract(file.contract, "api.yaml", diagnostics);
  const auto config =
      config::read_config(file.config.empty() ? kConfig : file.config, "caponier.yaml", diagnostics);
  plan::CompileInput input;
  input.contract = contract.get();
  input.config = config.get();
  auto plan = contract ? plan::compile_plan(input, diagnostics) : nullptr;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) ADD_FAILURE() << to_text(diagnostic);
  }
  return plan;
}

std::string token_of(const Case& one) {
  std::string claims = "{";
  const auto unless_given = [&](std::string_view name, const std::string& value) {
    if (one.token_claims.find("\"" + std::string(name) + "\"") != std::string::npos) return;
    claims.append("\"").append(name).append("\":").append(value).append(",");
  };
  unless_given("iss", "\"https://login.example/\"");
  unless_given("aud", "\"orders\"");
  unless_given("iat", std::to_string(kNowS - 60));
  unless_given("exp", std::to_string(kNowS + 300));
  claims += one.token_claims.substr(1);
  if (claims.ends_with(",}")) claims.erase(claims.size() - 2, 1);
  return (one.forged ? keys().strangers : keys().ours).sign(claims).value();
}

std::string bytes_of(const Case& one) {
  std::string text = one.head.front() + " HTTP/1.1\r\n";
  const bool names_host = one.head.size() > 1 && one.head[1].starts_with("Host: ");
  if (!names_host) text += "Host: api.example.com\r\n";
  for (std::size_t i = 1; i < one.head.size(); ++i) text.append(one.head[i]).append("\r\n");
  if (!one.token_claims.empty()) text.append("Authorization: Bearer ").append(token_of(one)).append("\r\n");
  if (one.has_body) text.append("Content-Length: ").append(std::to_string(one.body.size())).append("\r\n");
  return text.append("\r\n");
}

std::string trace_of(const stages::Exchange& exchange, bool body_valid) {
  std::string trace = "passed:";
  if (exchange.admitted) trace += " admit";
  if (exchange.matched) trace += " match";
  if (exchange.principal) trace += " authenticate";
  if (exchange.limited) trace += " limit";
  if (exchange.authorized) trace += " authorize";
  if (exchange.parameters) trace += " validate(parameters)";
  if (exchange.head_decision) trace += " validate(head)";
  if (body_valid) trace += " validate(body)";
  return trace + "\n";
}

// What `caponier explain` prints about the record, of which the digest of a token is not the same twice.
std::string explained(stages::Exchange& exchange, const stages::Outcome& outcome) {
  std::string line;
  event::append(line, stages::make_record(exchange, outcome, {1, 2}));
  const TestFolder folder;
  const std::string log = folder.write("log.ndjson", line);
  testing::internal::CaptureStdout();
  const std::vector<std::string_view> words = {kRequestId, "--log", log};
  const int status = cli::explain(words);
  std::string text = testing::internal::GetCapturedStdout();
  EXPECT_EQ(status, 0) << line;
  return std::regex_replace(text, std::regex("token:[0-9a-f]+"), "token:...");
}

struct World {
  explicit World(std::shared_ptr<const plan::Plan> the_plan)
      : plan(std::move(the_plan)), ring(plan->issuers.size()) {
    source->install(plan::test_facts(kNowS));
    state = {{1, 2}, &limiter, &proofs, &ring, &tokens, &identities};
    state.failed_addresses = &failed_addresses;
    state.failed_identities = &failed_identities;
    for (std::uint32_t i = 0; i < ring.size(); ++i) {
      auto set = jose::parse_key_set(keys().ours.public_key_set(), plan->limits.tokens);
      ring.install(i, std::make_shared<const jose::KeySet>(std::move(set.value())));
    }
    peer.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    peer.text = "192.0.2.1";
    peer.listener = "public";
    peer.tls = true;
  }
  std::string judge(const Case& one);
  void connect(const Case& one) {
    if (!one.certificate) return;
    CertificateNames names;
    names.subject = "CN=client";
    names.uris = {*one.certificate};
    names.digest = std::string(64, 'a');
    peer.client = std::make_shared<const CertificateNames>(std::move(names));
  }

  std::shared_ptr<const plan::Plan> plan;
  stages::Limiter limiter{1 << 10};
  stages::Limiter proofs{1 << 10};
  stages::Failures failed_addresses{1 << 10};
  stages::Failures failed_identities{1 << 10};
  stages::TokenCache tokens{64, {}};
  stages::KeyRing ring;
  std::shared_ptr<plan::IdentitySource> source = std::make_shared<plan::IdentitySource>();
  plan::IdentityView identities{source};
  stages::State state;
  stages::Peer peer;
};

std::string World::judge(const Case& one) {
  const std::string bytes = bytes_of(one);
  http::RequestDecoder decoder(plan->limits.http);
  decoder.begin();
  const auto decoded = decoder.feed(bytes);
  if (!decoded || *decoded != http::HeadStatus::kComplete) {
    ADD_FAILURE() << "not HTTP: " << bytes;
    return "undecodable\n";
  }
  stages::Exchange exchange;
  exchange.plan = plan;
  exchange.now = {kNowS * 1000, 1'000'000'000};
  exchange.peer = &peer;
  exchange.head = &decoder.head();
  exchange.request_id = kRequestId;

  auto head = stages::judge_head(state, exchange);
  // No issuer can be asked here: the second time nothing is needed any more.
  if (head.need() != nullptr) head = stages::judge_head(state, exchange);
  std::optional<stages::Denial> denial;
  stages::Outcome outcome;
  bool body_valid = false;
  if (head.denial() != nullptr) denial = *head.denial();
  if (head && head->body != nullptr && head->buffer_body) {
    auto body = stages::judge_body(state, exchange, one.body);
    body_valid = static_cast<bool>(body);
    if (body.denial() != nullptr) denial = *body.denial();
  }
  std::string text = "verdict: ";
  if (denial) {
    outcome.denial = &*denial;
    outcome.status = entry(denial->reason).status;
    text += "deny " + std::string(entry(denial->reason).id) + "\nstatus: " + std::to_string(outcome.status) +
            "\n";
    text += "refused by: " + std::string(denial->stage) + "\n";
    if (!denial->where.empty()) text += "where: " + std::string(denial->where) + "\n";
    if (!denial->public_rule.empty())
      text += "the client is told: " + denial->public_pointer + " " + denial->public_rule + "\n";
  } else {
    text += head ? "allow\n" : "none\n";
  }
  return text + trace_of(exchange, body_valid) + explained(exchange, outcome);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_file(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  File file = read_file(text_of(path));
  const auto plan = compile(file);
  if (plan == nullptr) return;
  const bool update = std::getenv("CAPONIER_GOLDEN_UPDATE") != nullptr;
  for (Case& one : file.cases) {
    World world(plan);
    world.connect(one);
    std::string actual;
    for (int i = 0; i < one.times; ++i) actual = world.judge(one);
    actual += "\n";
    if (update) {
      one.expected = actual;
    } else {
      EXPECT_EQ(one.expected, actual)
          << one.name << "\n(CAPONIER_GOLDEN_UPDATE=1 writes what is decided now)";
    }
  }
  if (update) std::ofstream(path) << write_file(file);
}

TEST(Golden, decisions_are_as_written) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CAPONIER_SOURCE_DIR "/tests/golden")) {
    if (entry.path().extension() == ".golden") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  ASSERT_GE(paths.size(), 5U);
  for (const auto& path : paths) run_file(path);
}

TEST(Golden, a_file_is_written_as_it_was_read) {
  const std::string text = "# a\n=== contract\nx: 1\n=== case b\n> GET /\n---\nverdict: allow\n\n";
  EXPECT_EQ(write_file(read_file(text)), text);
}

}  // namespace
}  // namespace caponier::golden
