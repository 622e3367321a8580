#include "cli/key_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "json/document.h"
#include "json/source_text.h"
#include "json/write.h"
#include "net/epoll_loop.h"
#include "net/resolver.h"
#include "net/socket_network.h"
#include "net/system_clock.h"
#include "store/state_dir.h"
#include "tls/context.h"
#include "upstream/http_client.h"
#include "uri/url.h"

namespace caponier::cli {
namespace {

constexpr std::int64_t kFetchMs = 10'000;
constexpr std::uint32_t kAuthoritiesBytesMax = 1024 * 1024;
// RFC 7518 section 6.
constexpr std::string_view kPrivateMembers[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};

using Text = Result<std::string, std::string>;

bool is_private_member(std::string_view name) {
  return std::ranges::find(kPrivateMembers, name) != std::end(kPrivateMembers);
}

void append_public_part(std::string& out, json::Value key) {
  out += '{';
  json::Value name = key.first_child();
  for (std::uint32_t i = 0; i < key.size(); ++i) {
    const json::Value value = name.next_sibling();
    if (!is_private_member(name.string())) {
      if (out.back() != '{') out += ',';
      json::append_string(out, name.string());
      out.append(":").append(json::source_text(value));
    }
    name = value.next_sibling();
  }
  out += '}';
}

// A set without what is private in it; one key is a set of one.
std::string public_set(json::Value root) {
  std::string out = R"({"keys":[)";
  const auto keys = root.find("keys");
  if (!keys) {
    append_public_part(out, root);
  } else {
    json::Value key = keys->first_child();
    for (std::uint32_t i = 0; i < keys->size(); ++i, key = key.next_sibling()) {
      if (i > 0) out += ',';
      if (key.is(json::Kind::kObject)) {
        append_public_part(out, key);
      } else {
        out += json::source_text(key);
      }
    }
  }
  return out + "]}";
}

bool is_url(std::string_view source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

// A name that begins like an address is anybody's.
bool is_this_machine(std::string_view host) {
  const bool digits = std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
  return host == "localhost" || host == "::1" || (digits && host.starts_with("127."));
}

net::Task<void> get(net::SocketNetwork& network, upstream::JsonRequest request, std::optional<Text>& answer) {
  auto got = co_await upstream::fetch_json(network, std::move(request));
  if (got) {
    answer = std::move(got->body);
  } else {
    answer = Text(Err(got.error().detail));
  }
  network.loop().stop();
}

Text fetch(const std::string& source, const std::string& ca_file) {
  auto url = uri::parse_url(source);
  if (!url) return Err(source + ": " + url.error());
  if (!url->https && !is_this_machine(url->host))
    return Err(source + ": keys that come over http can be anybody's; use https, or a file");
  net::SystemClock clock;
  net::EpollLoop loop(clock);
  net::Resolver resolver;
  net::SocketNetwork network(loop, resolver);
  upstream::JsonRequest request;
  request.allow_internal_addresses = true;  // who names it sits on this machine
  request.bytes_max = TokenLimits{}.key_set_bytes_max;
  request.deadline_ms = loop.now_ms() + kFetchMs;
  if (url->https) {
    std::string authorities;
    if (!ca_file.empty()) {
      auto text = store::read_file(ca_file, kAuthoritiesBytesMax);
      if (!text) return Err(text.error());
      authorities = std::move(*text);
    }
    auto context = tls::ClientContext::create(authorities);
    if (!context) return Err(context.error());
    request.tls = std::move(*context);
  }
  request.url = std::move(*url);
  std::optional<Text> answer;
  net::spawn(get(network, std::move(request), answer));
  if (!answer) loop.run();
  return std::move(*answer);
}

}  // namespace

Result<jose::KeySet, std::string> parse_keys(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (text.substr(std::min(first, text.size())).starts_with("-----BEGIN")) return jose::parse_pem_key(text);
  const TokenLimits limits;
  JsonLimits json_limits;
  json_limits.bytes_max = limits.key_set_bytes_max;
  json::Document document;
  const auto root = document.read(text, json_limits);
  if (!root || !root->is(json::Kind::kObject))
    return Err(std::string("this is neither a JWK Set, nor a JWK, nor a key in PEM"));
  const auto keys = root->find("keys");
  if (keys && !keys->is(json::Kind::kArray)) return Err(std::string("`keys` of a JWK Set is a list"));
  return jose::parse_key_set(public_set(*root), limits);
}

Result<jose::KeySet, std::string> load_keys(const std::string& source, const std::string& ca_file) {
  const auto text =
      is_url(source) ? fetch(source, ca_file) : store::read_file(source, TokenLimits{}.key_set_bytes_max);
  if (!text) return Err(text.error());
  auto keys = parse_keys(*text);
  if (!keys) return Err(source + ": " + keys.error());
  return keys;
}

}  // namespace caponier::cli
