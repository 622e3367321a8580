#include "cli/token_words.h"

#include <charconv>
#include <cstdio>

#include "cli/lines.h"
#include "config/config.h"
#include "net/system_clock.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kTokenBytesMax = 1024 * 1024;

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<Option> demand_options() {
  return {
      {"--issuer", "ISSUER", "that `iss` must be; not judged without"},
      {"--audience", "AUDIENCE", "one of which `aud` must name; not judged without; may be repeated", true},
      {"--algorithms", "LIST", "accepted, such as RS256,ES256; default: all that a gateway can be told"},
      {"--at", "SECONDS", "judge as of then (seconds since 1970); default: now"},
      {"--leeway", "DURATION", "by which clocks may differ; default 30s"},
      {"--lifetime-max", "DURATION", "from `iat` to `exp`; default 24h"},
      {"--ca", "FILE", "who vouches for the server of a keys URL; default: the system's authorities"}};
}

Result<jose::AlgorithmSet, std::string> read_algorithms(const std::vector<std::string>& names) {
  jose::AlgorithmSet set;
  for (const std::string& name : names) {
    const auto algorithm = jose::parse_algorithm(name);
    if (!algorithm) {
      return Err(name.substr(0, 64) +
                 " is no algorithm that can be accepted: RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
                 "ES384, ES512 and EdDSA are");
    }
    set.add(*algorithm);
  }
  return set;
}

Result<TokenDemand, std::string> read_demand(const Arguments& arguments) {
  TokenDemand demand;
  demand.issuer = arguments.text("--issuer");
  for (const std::string_view audience : arguments.values("--audience"))
    demand.audiences.emplace_back(audience);
  if (const auto list = arguments.value("--algorithms")) {
    auto algorithms = read_algorithms(split_at_commas(*list));
    if (!algorithms) return Err(algorithms.error());
    demand.algorithms = *algorithms;
  }
  demand.at_s = net::SystemClock().now().wall_s();
  if (const auto at = arguments.value("--at")) {
    const auto [end, error] = std::from_chars(at->data(), at->data() + at->size(), demand.at_s);
    if (error != std::errc() || end != at->data() + at->size())
      return Err(std::string("--at takes seconds since 1970, such as 1767225600"));
  }
  const auto leeway_ms = config::parse_duration_ms(arguments.text("--leeway", "30s"));
  const auto lifetime_ms = config::parse_duration_ms(arguments.text("--lifetime-max", "24h"));
  if (!leeway_ms) return Err(std::string("--leeway takes a duration such as 30s"));
  if (!lifetime_ms) return Err(std::string("--lifetime-max takes a duration such as 24h"));
  demand.leeway_s = *leeway_ms / 1000;
  demand.lifetime_max_s = *lifetime_ms / 1000;
  return demand;
}

Result<std::string, std::string> read_token(const Arguments& arguments) {
  std::string token;
  if (!arguments.positionals().empty() && arguments.positionals()[0] != "-") {
    token = arguments.positionals()[0];
  } else {
    bool too_long = false;
    if (!next_line(stdin, kTokenBytesMax, token, too_long) || is_blank(token))
      return Err(std::string("there is no token: name it, or write it to standard input"));
    if (too_long) return Err(std::string("standard input is too long for a token"));
  }
  while (!token.empty() && (token.back() == ' ' || token.back() == '\r' || token.back() == '\t'))
    token.pop_back();
  return token;
}

}  // namespace caponier::cli
