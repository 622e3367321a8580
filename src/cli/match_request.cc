// caponier match: which operation a request means, how its parameters are read, and what of it would be
// refused. By the same stages that judge requests.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/load_plan.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "http/h1_decoder.h"
#include "reasons/reasons.h"
#include "stages/match/match.h"
#include "stages/pipeline.h"
#include "stages/validate/body.h"
#include "stages/validate/parameters.h"
#include "store/state_dir.h"
#include "uri/path.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kWidthMax = 100;
constexpr std::size_t kBodyBytesMax = std::size_t{64} * 1024 * 1024;
// Nothing is served and nobody is called.
constexpr std::string_view kNoUpstream = "http://127.0.0.1:1";
constexpr std::string_view kNoListener = "http://127.0.0.1:0";
constexpr std::string_view kDevelopmentIssuer = "urn:caponier:dev";

const Verb& verb() {
  static const Verb kVerb{
      "caponier match METHOD URL --contract FILE [--config FILE] [--internal] [--header 'NAME: VALUE'] "
      "[--body FILE]",
      "Shows which operation a request means, its decoded parameters, and what would be refused, without "
      "serving. Credentials and budgets are not judged. Exit status: 0, 1 if it would be refused, 2 if that "
      "cannot be told.",
      {{"--contract", "FILE", "the OpenAPI document (3.0 or 3.1, YAML or JSON)"},
       {"--config", "FILE", "caponier.yaml"},
       {"--internal", "", "as it comes by an internal listener"},
       {"--header", "'NAME: VALUE'", "of the request; may be repeated", true},
       {"--body", "FILE", "of the request"}},
      2};
  return kVerb;
}

// A request as it would come over the wire, and what the stages make of it.
struct Case {
  std::string method;
  std::string target;
  std::string host = "localhost";
  std::vector<std::string_view> headers;
  bool internal = false;
  bool has_body = false;
  std::string body;

  std::string bytes;
  stages::Peer peer;
  stages::Exchange exchange;
};

// "https://api.example/orders?x=1" or "/orders?x=1"
void take_url(Case& request, std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos && url.front() != '/') {
    url.remove_prefix(scheme + 3);
    const std::size_t end = std::min(url.find_first_of("/?"), url.size());
    request.host = url.substr(0, end);
    url.remove_prefix(end);
  }
  request.target = url.empty() || url.front() != '/' ? "/" + std::string(url) : std::string(url);
}

void write_request(Case& request) {
  request.bytes = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  bool host = false;
  for (const std::string_view header : request.headers) {
    host = host || equals_ignore_case(header.substr(0, header.find(':')), "host");
    request.bytes.append(header).append("\r\n");
  }
  if (!host) request.bytes += "Host: " + request.host + "\r\n";
  if (request.has_body) request.bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  request.bytes += "\r\n";
}

LoadRequest load_request(const Arguments& arguments) {
  LoadRequest request;
  request.contract_file = arguments.text("--contract");
  request.config_file = arguments.text("--config");
  request.listen = kNoListener;
  if (request.config_file.empty()) {
    // Whose tokens would be taken does not matter here.
    request.upstream = kNoUpstream;
    request.dev = true;
    request.development_issuer = kDevelopmentIssuer;
  }
  return request;
}

int tell_refusal(const stages::Denial& denial) {
  const ReasonEntry& reason = entry(denial.reason);
  std::printf("\nrefused     %d %s\n", reason.status, std::string(reason.id).c_str());
  if (!denial.detail.empty()) std::printf("            %s\n", visible(denial.detail).c_str());
  if (!denial.where.empty()) std::printf("            %s\n", visible(denial.where).c_str());
  if (denial.allowed_methods != 0) {
    std::string methods;
    for (unsigned i = 0; i < static_cast<unsigned>(http::Method::kOther); ++i) {
      if ((denial.allowed_methods >> i & 1U) == 0) continue;
      methods += (methods.empty() ? "" : ", ") + std::string(http::name(static_cast<http::Method>(i)));
    }
    std::printf("            declared for this path: %s\n", methods.c_str());
  }
  return 1;
}

std::string needs(const plan::Plan& plan, const plan::Operation& operation) {
  std::string out;
  for (const plan::Alternative& alternative : operation.alternatives) {
    std::string all;
    for (const plan::Requirement& requirement : alternative.all) {
      all += (all.empty() ? "" : " and ") + plan.schemes[requirement.scheme].name;
      for (std::size_t i = 0; i < requirement.scopes.size(); ++i)
        all += (i == 0 ? " with " : " ") + requirement.scopes[i];
    }
    out += (out.empty() ? "" : ", or ") + (all.empty() ? "nothing" : all);
  }
  return out.empty() ? "nothing" : out;
}

void tell_operation(const plan::Plan& plan, const stages::Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  std::printf("operation   %s\n", visible(operation.label).c_str());
  if (!operation.id.empty()) std::printf("            %s\n", visible(operation.id).c_str());
  std::printf("            %s\n", operation.where.text.c_str());
  std::printf("path        %s\n", visible(matched.canonical_path).c_str());
  std::printf("credential  %s (not judged here)\n", visible(needs(plan, operation)).c_str());
}

const plan::Parameter* declared(const plan::Operation& operation, openapi::ParameterIn in,
                                std::string_view name) {
  const auto found = std::ranges::find_if(operation.parameters, [&](const plan::Parameter& parameter) {
    if (parameter.in != in) return false;
    if (in == openapi::ParameterIn::kHeader) return equals_ignore_case(parameter.name, name);
    return parameter.spreads ? parameter.shape->property(name) != nullptr : parameter.name == name;
  });
  return found == operation.parameters.end() ? nullptr : &*found;
}

const char* name_of(openapi::ParameterIn in) {
  switch (in) {
    case openapi::ParameterIn::kPath:
      return "path";
    case openapi::ParameterIn::kQuery:
      return "query";
    case openapi::ParameterIn::kHeader:
      return "header";
    case openapi::ParameterIn::kCookie:
      return "cookie";
  }
  return "";
}

// Names and values as they came.
std::vector<std::pair<std::string_view, std::string_view>> cookies_of(const http::RequestHead& head) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  for (const http::Header& header : head.headers) {
    if (header.field != http::Field::kCookie) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos) out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
  }
  return out;
}

// What the API will take a parameter for that was left out.
void tell_defaults(const plan::Operation& operation, const std::set<const plan::Parameter*>& given,
                   const auto& add) {
  for (const plan::Parameter& parameter : operation.parameters) {
    if (parameter.required || parameter.default_text.empty() || given.contains(&parameter)) continue;
    add(parameter.name, name_of(parameter.in), parameter.default_text + " (default)", &parameter);
  }
}

void tell_parameters(stages::Exchange& exchange, const stages::Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  TextTable table({"parameter", "in", "decoded", "declared"});
  std::size_t rows = 0;
  std::set<const plan::Parameter*> given;
  const auto add = [&](std::string_view name, const char* in, std::string_view value,
                       const plan::Parameter* parameter) {
    table.add({std::string(name), in, std::string(value), parameter == nullptr ? "" : parameter->where.text});
    given.insert(parameter);
    ++rows;
  };
  for (const plan::Parameter& parameter : operation.parameters) {
    if (parameter.in == openapi::ParameterIn::kPath && parameter.path_index < matched.path_parameters.size())
      add(parameter.name, "path", matched.path_parameters[parameter.path_index], &parameter);
  }
  const auto pairs =
      uri::parse_query(exchange.head->query, exchange.arena, exchange.plan->limits.parameters_max);
  if (pairs) {
    for (const uri::QueryPair& pair : *pairs) {
      // Members of an object stand in brackets behind its name.
      const std::string_view owner = pair.name.substr(0, pair.name.find('['));
      const plan::Parameter* parameter = declared(operation, openapi::ParameterIn::kQuery, pair.name);
      if (parameter == nullptr) parameter = declared(operation, openapi::ParameterIn::kQuery, owner);
      add(pair.name, "query", pair.value, parameter);
    }
  }
  for (const http::Header& header : exchange.head->headers) {
    if (const auto* parameter = declared(operation, openapi::ParameterIn::kHeader, header.name))
      add(parameter->name, "header", header.value, parameter);
  }
  for (const auto& [name, value] : cookies_of(*exchange.head)) {
    if (const auto* parameter = declared(operation, openapi::ParameterIn::kCookie, name))
      add(name, "cookie", value, parameter);
  }
  tell_defaults(operation, given, add);
  if (rows == 0) return;
  std::string text = "\n";
  table.append(text, kWidthMax);
  std::fputs(text.c_str(), stdout);
}

// The stages that look at the request itself, in their order.
int judge(Case& request) {
  stages::Exchange& exchange = request.exchange;
  auto matched = stages::match(exchange);
  if (!matched) return tell_refusal(*matched.denial());
  exchange.matched.emplace(*matched);
  tell_operation(*exchange.plan, *exchange.matched);
  tell_parameters(exchange, *exchange.matched);
  auto parameters = stages::validate_parameters(exchange, *exchange.matched);
  if (!parameters) return tell_refusal(*parameters.denial());
  exchange.parameters.emplace(*parameters);
  if (!request.has_body && exchange.matched->operation->body_required) {
    std::printf("\nallowed     as far as the head tells; --body FILE judges a body, which it requires\n");
    return 0;
  }
  auto head = stages::validate_body_head(*exchange.head, *exchange.matched);
  if (!head) return tell_refusal(*head.denial());
  exchange.head_decision.emplace(*head);
  if (request.has_body && head->buffer_body) {
    auto body = stages::judge_body({}, exchange, request.body);
    if (!body) return tell_refusal(*body.denial());
  }
  std::printf("\nallowed     nothing of it would be refused, given the credential\n");
  return 0;
}

}  // namespace

int match_request(Words words) {
  Arguments arguments;
  if (const auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (arguments.positionals().size() != 2) return fail("say caponier match METHOD URL --contract FILE");
  const Loaded loaded = load(load_request(arguments));
  if (loaded.plan == nullptr || loaded.diagnostics.has_errors()) {
    for (const Diagnostic& d : loaded.diagnostics.all()) {
      if (d.severity == Severity::kError) std::fprintf(stderr, "%s\n", to_text(d).c_str());
    }
    return fail("it cannot be served");
  }
  Case request;
  request.method = arguments.positionals()[0];
  take_url(request, arguments.positionals()[1]);
  request.headers = arguments.values("--header");
  request.internal = arguments.has("--internal");
  if (const auto file = arguments.value("--body")) {
    auto body = store::read_file(std::string(*file), kBodyBytesMax);
    if (!body) return fail(body.error());
    request.body = std::move(*body);
    request.has_body = true;
  }
  write_request(request);
  http::RequestDecoder decoder(loaded.plan->limits.http);
  decoder.begin();
  const auto decoded = decoder.feed(request.bytes);
  if (!decoded || *decoded != http::HeadStatus::kComplete) {
    std::printf("refused     400: this is no request that HTTP allows%s%s\n", decoded ? "" : ": ",
                decoded ? "" : std::string(http::name(decoded.error())).c_str());
    return 1;
  }
  request.exchange.plan = loaded.plan;
  request.peer.internal = request.internal;
  request.exchange.peer = &request.peer;
  request.exchange.head = &decoder.head();
  return judge(request);
}

}  // namespace caponier::cli
