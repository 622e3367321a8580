#include "gateway/metrics_text.h"

#include <cstdio>
#include <map>

#include "reasons/reasons.h"

namespace caponier::gateway {
namespace {

// A label's value: backslash, quote and line feed are escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string seconds(std::uint64_t us) {
  std::array<char, 40> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%llu.%06llu", static_cast<unsigned long long>(us / 1'000'000),
                    static_cast<unsigned long long>(us % 1'000'000));
  return {text.data(), static_cast<std::size_t>(size)};
}

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, std::string_view labels, std::string_view value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
  family(out, name, type, help);
  sample(out, name, {}, std::to_string(value));
}

std::string operation_label(const MetricNames::Named& named) {
  return "operation=\"" + escaped(named.operation) + '"';
}

void append_requests(std::string& out, const std::vector<MetricNames::Named>& names,
                     const std::vector<MetricSums>& sums) {
  constexpr std::array<std::string_view, 6> kClasses = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  family(out, "caponier_requests_total", "counter",
         "Requests by operation and class of the status that was sent; no operation: none was meant.");
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t c = 0; c < kClasses.size(); ++c) {
      if (sums[i].by_class[c] == 0) continue;
      std::string labels = operation_label(names[i]);
      labels.append(",code=\"").append(kClasses[c]).append("\"");
      sample(out, "caponier_requests_total", labels, std::to_string(sums[i].by_class[c]));
    }
  }
}

void append_latency(std::string& out, const std::vector<MetricNames::Named>& names,
                    const std::vector<MetricSums>& sums) {
  constexpr std::string_view kName = "caponier_request_duration_seconds";
  family(out, kName, "histogram", "From a request's head to the end of its answer.");
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t count = 0;
    for (const std::uint64_t in_bucket : sums[i].by_latency) count += in_bucket;
    if (count == 0) continue;
    std::uint64_t cumulated = 0;
    for (std::size_t b = 0; b < sums[i].by_latency.size(); ++b) {
      cumulated += sums[i].by_latency[b];
      const bool last = b == kLatencyBoundsUs.size();
      std::string labels = operation_label(names[i]);
      labels += ",le=\"";
      labels += last ? "+Inf" : seconds(static_cast<std::uint64_t>(kLatencyBoundsUs[b]));
      labels += '"';
      sample(out, "caponier_request_duration_seconds_bucket", labels, std::to_string(cumulated));
    }
    sample(out, "caponier_request_duration_seconds_sum", operation_label(names[i]),
           seconds(sums[i].duration_us));
    sample(out, "caponier_request_duration_seconds_count", operation_label(names[i]), std::to_string(count));
  }
}

using CountOf = std::uint64_t (Metrics::*)(std::uint32_t row, Reason reason) const;

void append_by_reason(std::string& out, const MetricsView& view, std::string_view name, std::string_view help,
                      CountOf count_of) {
  family(out, name, "counter", help);
  for (const MetricNames::Named& named : view.names) {
    for (const ReasonEntry& reason : all_reasons()) {
      std::uint64_t count = 0;
      for (const Metrics* worker : view.workers) count += (worker->*count_of)(named.row, reason.reason);
      if (count == 0) continue;
      std::string labels = operation_label(named);
      labels.append(",reason=\"").append(reason.id).append("\"");
      sample(out, name, labels, std::to_string(count));
    }
  }
}

void append_upstreams(std::string& out, const std::vector<UpstreamCounts>& upstreams) {
  const auto append = [&](std::string_view name, std::string_view type, std::string_view help, auto member) {
    family(out, name, type, help);
    for (const UpstreamCounts& one : upstreams) {
      sample(out, name, "upstream=\"" + escaped(one.name) + '"', std::to_string(one.*member));
    }
  };
  append("caponier_upstream_requests", "gauge", "Requests under way at an upstream.",
         &UpstreamCounts::requests);
  append("caponier_upstream_pending_requests", "gauge", "Of them those that wait for a connection.",
         &UpstreamCounts::pending);
  append("caponier_upstream_ejections_total", "counter",
         "Times that a worker left an endpoint alone because it failed.", &UpstreamCounts::ejections);
  append("caponier_upstream_retries_total", "counter", "Requests that were tried again, by the budget.",
         &UpstreamCounts::retries);
}

// An endpoint as all workers together see it.
struct EndpointSums {
  std::uint64_t available = 0;
  std::uint64_t requests = 0;
  std::uint64_t idle = 0;
};

void append_endpoints(std::string& out, const std::vector<WorkerGauges>& workers) {
  std::map<std::string, EndpointSums> endpoints;
  for (const WorkerGauges& worker : workers) {
    for (const upstream::EndpointState& one : worker.endpoints) {
      EndpointSums& sums =
          endpoints["upstream=\"" + escaped(one.upstream) + "\",endpoint=\"" + escaped(one.address) + '"'];
      sums.available += one.available ? 1 : 0;
      sums.requests += one.requests;
      sums.idle += one.idle;
    }
  }
  const auto append = [&](std::string_view name, std::string_view help, auto member) {
    family(out, name, "gauge", help);
    for (const auto& [labels, sums] : endpoints) sample(out, name, labels, std::to_string(sums.*member));
  };
  append("caponier_upstream_endpoint_workers", "Workers that send requests to this endpoint.",
         &EndpointSums::available);
  append("caponier_upstream_endpoint_requests", "Requests under way at this endpoint.",
         &EndpointSums::requests);
  append("caponier_upstream_idle_connections", "Pooled connections to this endpoint.", &EndpointSums::idle);
}

std::string issuer_labels(const fetch::KeyHealth& issuer) {
  return "issuer=\"" + escaped(issuer.issuer) + "\",source=\"" + escaped(issuer.place) + '"';
}

void append_issuers(std::string& out, const std::vector<fetch::KeyHealth>& issuers) {
  const auto append = [&](std::string_view name, std::string_view type, std::string_view help, auto member) {
    family(out, name, type, help);
    for (const fetch::KeyHealth& one : issuers) {
      sample(out, name, issuer_labels(one), std::to_string(one.*member));
    }
  };
  append("caponier_issuer_keys", "gauge", "Keys of an issuer that are in use.", &fetch::KeyHealth::keys);
  append("caponier_issuer_refused_keys", "gauge", "Keys of its set that are not good enough.",
         &fetch::KeyHealth::refused);
  append("caponier_issuer_keys_age_seconds", "gauge",
         "Since its keys were fetched, or found unchanged; -1: there are none.", &fetch::KeyHealth::age_s);
  append("caponier_issuer_last_success_timestamp_seconds", "gauge", "When that was, as Unix time; 0: never.",
         &fetch::KeyHealth::last_success_s);
  append("caponier_issuer_fetches_total", "counter", "Fetches of its keys that ended, well or not.",
         &fetch::KeyHealth::fetches);
  append("caponier_issuer_waiting_requests", "gauge", "Requests that wait for its keys.",
         &fetch::KeyHealth::waiting);
  constexpr std::string_view kFailures = "caponier_issuer_fetch_failures_total";
  family(out, kFailures, "counter", "Fetches of its keys that failed, by kind.");
  for (const fetch::KeyHealth& one : issuers) {
    for (std::size_t i = 0; i < fetch::kKeyFailures; ++i) {
      std::string labels = issuer_labels(one);
      labels.append(",kind=\"").append(fetch::name(static_cast<fetch::KeyFailure>(i))).append("\"");
      if (one.failures[i] > 0) sample(out, kFailures, labels, std::to_string(one.failures[i]));
    }
  }
}

void append_tokens(std::string& out, const std::vector<fetch::TokenHealth>& tokens) {
  const auto append = [&](std::string_view name, std::string_view help,
                          std::uint64_t fetch::TokenHealth::*member) {
    if (tokens.empty()) return;
    family(out, name, "counter", help);
    for (const fetch::TokenHealth& one : tokens)
      sample(out, name, "upstream=\"" + escaped(one.upstream) + '"', std::to_string(one.*member));
  };
  append("caponier_upstream_token_requests_total", "Tokens for an upstream that issuers were asked for.",
         &fetch::TokenHealth::requests);
  append("caponier_upstream_token_failures_total", "Of them, those that were not granted.",
         &fetch::TokenHealth::failures);
}

}  // namespace

std::string to_prometheus(const MetricsView& view) {
  std::vector<MetricSums> sums(view.names.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    for (const Metrics* worker : view.workers) worker->add_to(view.names[i].row, sums[i]);
  }
  std::string out;
  family(out, "caponier_build_info", "gauge", "The version that runs; always 1.");
  sample(out, "caponier_build_info", "version=\"" + escaped(view.version) + '"', "1");
  append_requests(out, view.names, sums);
  append_latency(out, view.names, sums);
  append_by_reason(out, view, "caponier_refusals_total",
                   "Requests and connections that were refused or broken off, by operation and reason.",
                   &Metrics::refusals);
  append_by_reason(out, view, "caponier_reported_total",
                   "What would have been refused, where that is only reported, by operation and reason.",
                   &Metrics::reports);
  single(out, "caponier_connections", "gauge", "Open client connections.", view.connections);
  append_upstreams(out, view.upstreams);
  append_endpoints(out, view.gauges);
  append_issuers(out, view.issuers);
  append_tokens(out, view.tokens);
  std::uint64_t block_bytes = 0;
  for (const WorkerGauges& worker : view.gauges) block_bytes += worker.block_bytes;
  single(out, "caponier_buffer_bytes", "gauge", "Buffers of connections in use.", block_bytes);
  single(out, "caponier_in_flight_bytes", "gauge",
         "Memory of requests and answers under way, as the overload bound counts it.", view.in_flight_bytes);
  single(out, "caponier_log_dropped_lines_total", "counter", "Decision records that were lost.",
         view.log_dropped);
  single(out, "caponier_generation", "gauge",
         "How many times contract and configuration were taken into use.", view.generation);
  single(out, "caponier_reloads_refused_total", "counter", "Reloads that were refused as a whole.",
         view.reloads_refused);
  return out;
}

}  // namespace caponier::gateway
