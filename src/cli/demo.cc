// caponier demo: a small API, Caponier in front of it, and lines to paste.
#include <errno.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/arguments.h"
#include "cli/coverage.h"
#include "cli/run_options.h"
#include "cli/serve.h"
#include "cli/verbs.h"
#include "demo/contract.h"
#include "demo/orders_server.h"
#include "json/document.h"
#include "net/epoll_loop.h"
#include "net/socket_network.h"
#include "net/system_clock.h"

namespace caponier::cli {
namespace {

constexpr std::int64_t kTokenLifetimeS = 8 * 3600;

const Verb& verb() {
  static const Verb kVerb{
      "caponier demo [--listen HOST:PORT] [--overlay FILE]... [--state-dir DIR] [--workers N]",
      "Serves a small Orders API and Caponier in front of it, and prints requests to paste.",
      {{"--listen", "HOST:PORT", "default https://127.0.0.1:8443; port 0: any free one"},
       {"--overlay", "FILE",
        "an OpenAPI Overlay (1.0) to put over the demo's document; may be given several times", true},
       {"--state-dir", "DIR", "keys, local certificates, decision log"},
       {"--workers", "N", "threads; default: one per core"}}};
  return kVerb;
}

// The API itself, on a loop and a port of its own.
class Upstream {
 public:
  Upstream() : loop_(clock_), network_(loop_, resolver_) {}
  ~Upstream() {
    if (!thread_.joinable()) return;
    loop_.post([this] { server_.reset(); });
    loop_.stop();
    thread_.join();
  }
  // Its URL.
  Result<std::string, std::string> start() {
    auto listener = network_.listen(*net::parse_address("127.0.0.1", 0));
    if (!listener) return Err(listener.error());
    server_ = std::make_unique<demo::OrdersServer>(std::move(*listener));
    const std::string url = "http://" + server_->address().text();
    loop_.post([this] { server_->start(); });
    thread_ = std::thread([this] { loop_.run(); });
    return url;
  }

 private:
  net::SystemClock clock_;
  net::Resolver resolver_;
  net::EpollLoop loop_;
  net::SocketNetwork network_;
  std::unique_ptr<demo::OrdersServer> server_;
  std::thread thread_;
};

class Lines {
 public:
  explicit Lines(const Serving& serving) : serving_(serving) {}

  [[nodiscard]] std::string token(std::string subject, std::string scopes,
                                  std::int64_t expires_in_s = kTokenLifetimeS) const {
    net::SystemClock clock;
    const std::int64_t now_s = clock.now().wall_s();
    const std::int64_t issued_s = expires_in_s > 0 ? now_s : now_s + expires_in_s - kTokenLifetimeS;
    auto text = issue_token(*serving_.development_issuer,
                            {std::move(subject), {std::move(scopes)}, issued_s, now_s + expires_in_s});
    return text ? *text : std::string();
  }
  // `rest` follows the options; %U stands for the server's URL.
  void show(const char* what, const std::string& bearer, std::string rest) const {
    for (std::size_t at = 0; (at = rest.find("%U", at)) != std::string::npos;)
      rest.replace(at, 2, serving_.urls.front());
    std::printf("# %s\ncurl -sS -w '\\n%%{http_code}\\n' --cacert %s%s %s\n", what, serving_.ca_file.c_str(),
                bearer.empty() ? "" : (" -H 'Authorization: Bearer " + bearer + "'").c_str(), rest.c_str());
  }

 private:
  const Serving& serving_;
};

void print_lines(const Serving& serving) {
  const Lines lines(serving);
  const std::string reads = lines.token("alice", "orders:read");
  const std::string writes = lines.token("alice", "orders:read orders:write");
  const std::string json = "-H 'Content-Type: application/json' ";
  const std::string order = R"("items":[{"product_id":7,"quantity":2}],"delivery":"pickup")";
  const std::string orders = "%U/customers/alice/orders";
  std::printf("\nRequests to paste:\n\n");
  lines.show("200 the catalog is public", "", "%U/catalog");
  lines.show("200 alice reads her orders", reads, orders);
  lines.show("200 one of them", reads, orders + "/1001");
  lines.show("201 alice orders something", writes, json + "-d '{" + order + "}' " + orders);
  lines.show("204 alice deletes an order", writes, "-X DELETE " + orders + "/1003");
  lines.show("401 no token", "", orders);
  std::string wrong = reads;
  wrong.replace(wrong.size() - 10, 4, wrong.compare(wrong.size() - 10, 4, "AAAA") == 0 ? "BBBB" : "AAAA");
  lines.show("401 a wrong token: its signature was changed", wrong, orders);
  lines.show("401 an expired token", lines.token("alice", "orders:read", -60), orders);
  lines.show("403 the token lacks the scope orders:write", reads, json + "-d '{" + order + "}' " + orders);
  lines.show("404 bob's order does not exist for alice", reads, "%U/customers/bob/orders/1004");
  lines.show("404 a path that the document does not declare", reads, "%U/internal/metrics");
  lines.show("405 a method that the document does not declare", reads, "-X PATCH " + orders);
  lines.show("400 a body that breaks its schema", writes,
             json + R"(-d '{"items":[{"product_id":7,"quantity":0}],"delivery":"pickup"}' )" + orders);
  lines.show("400 a field that is not declared, slipped into the body", writes,
             json + "-d '{" + order + R"(,"isAdmin":true}' )" + orders);
  lines.show("413 a body that is too large", writes,
             json + R"(-d "{\"gift_message\":\"$(head -c 20000 /dev/zero | tr '\0' x)\"}" )" + orders);
  lines.show("429 too many: the last of these fifty are refused", "", "-o /dev/null '%U/catalog/[1-50]'");
  std::printf("\n");
}

void print_welcome(const Serving& serving) {
  std::string text = "The document's operations, and what protects each:\n\n";
  append_coverage_table(text, serving.plan);
  std::fwrite(text.data(), 1, text.size(), stdout);
  print_lines(serving);
}

// Says once, at the first refusal, how to learn more about it.
class FirstRefusal {
 public:
  explicit FirstRefusal(std::string state_option) : state_option_(std::move(state_option)) {}
  void look(std::string_view lines) {
    if (told_.load(std::memory_order_relaxed)) return;
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      tell(lines.substr(at, end - at));
      at = end + 1;
    }
  }

 private:
  void tell(std::string_view line) {
    json::Document document;
    const auto record = document.read(line, JsonLimits{});
    if (!record) return;
    const auto stage = record->find("stage");
    const auto id = record->find("request_id");
    if (!stage || !id || told_.exchange(true)) return;
    std::fprintf(stderr, "refused; why? %s explain %.*s%s\n", program_invocation_name,
                 static_cast<int>(id->string().size()), id->string().data(), state_option_.c_str());
  }
  std::string state_option_;
  std::atomic<bool> told_{false};
};

}  // namespace

int demo(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  auto request = load_request(arguments);
  if (!request) return fail(request.error());
  block_end_signals();
  Upstream upstream;
  auto url = upstream.start();
  if (!url) return fail(url.error());
  request->contract_file = "demo/openapi.yaml";
  request->contract_text = demo::contract_text();
  request->upstream = *url;
  request->dev = true;
  FirstRefusal refusal(arguments.has("--state-dir") ? " --state-dir " + arguments.text("--state-dir") : "");
  return serve(*request, {print_welcome, [&refusal](std::string_view lines) { refusal.look(lines); }});
}

}  // namespace caponier::cli
