#include "stages/admit/forwarded.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "http/characters.h"

namespace caponier::stages {
namespace {

constexpr std::size_t kHopsMax = 32;

// What the proxies wrote, in their order.
struct Hops {
  std::array<std::string_view, kHopsMax> nodes{};
  std::size_t count = 0;
  bool readable = true;

  void add(std::string_view node) {
    if (count == kHopsMax) {
      readable = false;
    } else {
      nodes[count++] = node;
    }
  }
};

bool is_port(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && *number <= 65'535;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80".
std::optional<AddressBytes> address_of(std::string_view node) {
  std::string_view port;
  bool has_port = false;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = node.substr(end + 1);
    node = node.substr(1, end - 1);
    if (node.find(':') == std::string_view::npos || (!rest.empty() && rest.front() != ':'))
      return std::nullopt;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (std::ranges::count(node, ':') == 1) {
    const std::size_t colon = node.find(':');
    has_port = true;
    port = node.substr(colon + 1);
    node = node.substr(0, colon);
  }
  if (has_port && !is_port(port)) return std::nullopt;
  return parse_ip(node);
}

void read_addresses(std::string_view value, Hops& hops) {
  for (;;) {
    const std::size_t comma = value.find(',');
    hops.add(http::trim(value.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

// Takes a token or a quoted string; an escape is kept, because no address has one.
std::string_view take_value(std::string_view& rest, bool& readable) {
  if (!rest.starts_with('"')) {
    const std::string_view token = rest.substr(0, rest.find_first_of(",;"));
    rest.remove_prefix(token.size());
    return http::trim(token);
  }
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      const std::string_view text = rest.substr(1, at - 1);
      rest.remove_prefix(at + 1);
      return text;
    }
  }
  readable = false;
  return {};
}

// RFC 7239, section 4: elements between commas, of pairs between semicolons.
void read_elements(std::string_view rest, Hops& hops) {
  std::string_view node;
  bool named = false;
  for (;;) {
    const std::size_t equals = rest.find_first_of("=,;\"");
    const bool is_pair = equals != std::string_view::npos && rest[equals] == '=';
    const std::string_view name = http::trim(rest.substr(0, equals));
    if (!is_pair && !name.empty()) hops.readable = false;
    rest.remove_prefix(std::min(equals, rest.size()));
    if (is_pair) {
      rest.remove_prefix(1);
      const std::string_view value = take_value(rest, hops.readable);
      if (equals_ignore_case(name, "for")) {
        if (named) hops.readable = false;
        named = true;
        node = value;
      }
      rest = http::trim(rest);
    }
    if (!hops.readable || (!rest.empty() && rest.front() != ',' && rest.front() != ';')) {
      hops.readable = false;
      return;
    }
    const bool ends = rest.empty() || rest.front() == ',';
    if (ends) {
      hops.add(node);
      node = {};
      named = false;
    }
    if (rest.empty()) return;
    rest.remove_prefix(1);
  }
}

Hops hops_of(const http::RequestHead& head, config::ForwardedHeader wanted) {
  const bool addresses = wanted == config::ForwardedHeader::kXForwardedFor;
  const http::Field field = addresses ? http::Field::kXForwarded : http::Field::kForwarded;
  const std::string_view name = addresses ? "x-forwarded-for" : "forwarded";
  Hops hops;
  for (const http::Header& header : head.headers) {
    // Variants with underscores are nobody's.
    if (header.field != field || !equals_ignore_case(header.name, name)) continue;
    addresses ? read_addresses(header.value, hops) : read_elements(header.value, hops);
  }
  return hops;
}

void put_client(const State& state, Exchange& exchange, const AddressBytes& address) {
  Peer& client = exchange.forwarded_peer;
  client = *exchange.peer;
  client.address = address;
  IpText text;
  client.text.assign(write_ip(address, text));
  client.address_hash = keyed_hash(state.digest_key, client.limit_key());
  // The connection is the proxy's, and so is its certificate: it proves nothing about whom the proxy names.
  client.client.reset();
  exchange.peer = &client;
}

}  // namespace

std::optional<Denial> believe_proxies(const State& state, Exchange& exchange) {
  const config::ListenerRules* rules = exchange.peer->rules;
  if (rules == nullptr || !any_contains(rules->trusted_proxies, exchange.peer->address)) return std::nullopt;
  const Hops hops = hops_of(*exchange.head, rules->forwarded_header);
  if (!hops.readable) {
    return deny(Reason::kForwardedUnreadable, "admit", "the header is malformed, or names too many hops");
  }
  std::optional<AddressBytes> client;
  for (std::size_t i = hops.count; i-- > 0;) {
    client = address_of(hops.nodes[i]);
    if (!client) {
      return deny(Reason::kForwardedUnreadable, "admit",
                  "hop " + std::to_string(hops.count - i) + " from the right is no address");
    }
    if (!any_contains(rules->trusted_proxies, *client)) break;
  }
  if (client) put_client(state, exchange, *client);
  return std::nullopt;
}

}  // namespace caponier::stages
