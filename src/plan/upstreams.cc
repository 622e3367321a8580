#include "plan/upstreams.h"

#include <utility>

#include "plan/issuers.h"

namespace caponier::plan {
namespace {

void check_upstream(Compilation& compilation, const uri::Url& url, const config::Origin& origin) {
  if ((!url.path.empty() && url.path != "/") || !url.query.empty()) {
    compilation.report.add(diagnostic_at(
        origin, "upstream-path",
        "the upstream's URL has a path, and requests keep the path that the document gives them",
        "leave the path out, and let the document's servers carry it, or say upstream: {rewrite: ...} for "
        "operations"));
  }
  if (is_loopback(url.host)) return;
  if (compilation.config.dev) {
    compilation.report.add(diagnostic_at(
        origin, "dev-upstream", "--dev proxies to this machine only, and the upstream is " + url.host,
        "use a loopback address, or run without --dev and name an issuer"));
  } else if (!url.https) {
    compilation.report.add_finding(diagnostic_at(
        origin, "upstream-plain", "requests and their tokens go to " + url.host + " over plain HTTP",
        "use https for an upstream on another machine"));
  }
}

Where where_of_origin(const config::Origin& origin) {
  if (origin.file.empty()) return {"on the command line"};
  return {origin.file + ':' + std::to_string(origin.position.line) + ':' +
          std::to_string(origin.position.column)};
}

std::optional<uri::Url> endpoint(Compilation& compilation, const std::string& text,
                                 const config::Origin& origin, Upstream& out) {
  auto url = uri::parse_url(text);
  if (!url) {
    compilation.report.add(diagnostic_at(origin, "bad-upstream",
                                         "the upstream's URL is not one: " + url.error(),
                                         "write http://HOST:PORT or https://HOST:PORT"));
    return std::nullopt;
  }
  check_upstream(compilation, *url, origin);
  for (const UpstreamEndpoint& other : out.endpoints) {
    if (other.host != url->host || other.port != url->port) continue;
    compilation.report.add(diagnostic_at(origin, "duplicate-endpoint",
                                         quoted(text) + " is an endpoint of this upstream already",
                                         "name each endpoint once"));
    break;
  }
  out.endpoints.push_back({url->host, url->port});
  return std::move(*url);
}

// The configuration's reader has seen to it, unless the command line names another URL.
void check_secured(Compilation& compilation, const config::Upstream& source, const Upstream& upstream) {
  const bool secured = !source.ca_file.empty() || !source.server_name.empty() ||
                       !source.certificate_file.empty() || !source.spiffe_id.empty();
  if (!secured || upstream.url.https || !source.origin.file.empty()) return;
  compilation.report.add(diagnostic_at(
      source.origin, "upstream-not-https",
      quoted(source.url) +
          " is plain HTTP, and the configuration says how the upstream's certificate is verified",
      "name an https URL, or take the TLS keys out of `upstream`"));
}

Upstream compile_upstream(Compilation& compilation, const config::Upstream& source) {
  Upstream out;
  out.name = source.name;
  out.where = where_of_origin(source.origin);
  if (auto first = endpoint(compilation, source.url, source.origin, out)) {
    out.authority = first->authority();
    out.url = std::move(*first);
  }
  for (const config::UpstreamEndpoint& other : source.others) {
    endpoint(compilation, other.url, other.origin, out);
  }
  out.ca_file = source.ca_file;
  out.server_name = source.server_name;
  out.certificate_file = source.certificate_file;
  out.key_file = source.key_file;
  out.spiffe_id = source.spiffe_id;
  out.rules = source.rules;
  check_secured(compilation, source, out);
  return out;
}

// `prefix` in front of `path`, whole segments.
bool begins_with(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

void choose(Compilation& compilation, const Settled<UpstreamRule>& rule, Operation& operation) {
  const std::vector<config::Upstream>& named = compilation.config.upstreams;
  std::vector<std::string_view> names = {"default"};
  if (*rule.value.name == names[0]) return;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i].name == *rule.value.name) operation.upstream = static_cast<std::uint32_t>(i + 1);
    names.push_back(named[i].name);
  }
  if (operation.upstream != 0) return;
  const std::string_view meant = did_you_mean(*rule.value.name, names);
  compilation.report.error(rule.source, "unknown-upstream",
                           "the configuration has no upstream of the name " + quoted(*rule.value.name),
                           meant.empty()
                               ? "add it to " + compilation.config_name() + ": upstreams: {NAME: {url: ...}}"
                               : "did you mean \"" + std::string(meant) + "\"?");
}

void rewrite(Compilation& compilation, const openapi::Operation& declared, const Settled<UpstreamRule>& rule,
             Operation& operation) {
  const PathRewrite& wanted = *rule.value.rewrite;
  for (const std::string& base : declared.base_paths) {
    const std::string path = base + declared.path;
    if (begins_with(path, wanted.prefix)) continue;
    compilation.report.error(rule.source, "rewrite-unused",
                             "the path " + quoted(path) + " does not begin with " + quoted(wanted.prefix) +
                                 ", so that nothing would be rewritten",
                             "choose operations whose paths begin so, or name another prefix");
    return;
  }
  operation.rewrite = wanted;
}

// RFC 9113, section 8.6: there is no switching of protocols in HTTP/2.
void check_websocket(Compilation& compilation, const openapi::Operation& declared, const Policy& policy,
                     const Operation& operation) {
  if (!operation.websocket) return;
  const Upstream& upstream = compilation.plan->upstreams[operation.upstream];
  if (upstream.rules.protocol != UpstreamProtocol::kHttp2) return;
  const bool chosen = policy.upstream && policy.upstream->value.name;
  const Source source = chosen ? policy.upstream->source : compilation.in_contract(declared.node);
  compilation.report.error(source, "websocket-upstream",
                           "a WebSocket is opened by HTTP/1.1, and its upstream " + quoted(upstream.label()) +
                               " takes HTTP/2 only",
                           "say protocol: auto for the upstream, or choose another one for the operation");
}

}  // namespace

void compile_upstreams(Compilation& compilation) {
  const config::Upstream& upstream = compilation.config.upstream;
  if (upstream.url.empty()) {
    compilation.report.add(diagnostic_at(
        upstream.origin, "upstream-missing", "no upstream is named, so that there is nothing to protect",
        "say --upstream http://127.0.0.1:9000, or add to " + compilation.config_name() +
            ": upstream: {url: \"http://127.0.0.1:9000\"}"));
    compilation.plan->upstreams.emplace_back();
  } else {
    compilation.plan->upstreams.push_back(compile_upstream(compilation, upstream));
  }
  for (const config::Upstream& named : compilation.config.upstreams) {
    // One without a URL was reported by its reader.
    compilation.plan->upstreams.push_back(named.url.empty() ? Upstream()
                                                            : compile_upstream(compilation, named));
  }
}

void compile_operation_upstream(Compilation& compilation, const openapi::Operation& declared,
                                const Policy& policy, Operation& operation) {
  const TimeLimits& time = compilation.config.limits.time;
  operation.first_byte_ms = time.upstream_first_byte_ms;
  if (policy.upstream && policy.upstream->value.name) choose(compilation, *policy.upstream, operation);
  check_websocket(compilation, declared, policy, operation);
  if (!policy.upstream) return;
  const UpstreamRule& rule = policy.upstream->value;
  if (rule.rewrite) rewrite(compilation, declared, *policy.upstream, operation);
  if (rule.timeout_ms == 0) return;
  operation.first_byte_ms = rule.timeout_ms;
  if (rule.timeout_ms > time.exchange_ms) {
    compilation.report.error(policy.upstream->source, "bad-timeout",
                             "the timeout is longer than timeouts.exchange, which ends the request before",
                             "lower it, or raise timeouts.exchange");
  }
}

}  // namespace caponier::plan
