#include "cli/check.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "cli/arguments.h"
#include "cli/coverage.h"
#include "cli/diagnostics_format.h"
#include "cli/issuer_keys.h"
#include "cli/listener_tls.h"
#include "cli/listeners_report.h"
#include "cli/load_plan.h"
#include "cli/run_options.h"
#include "cli/sarif.h"
#include "cli/upstream_tls.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

// Nothing is served, so that no key is made: the name stands for whatever issuer `run --dev` will make.
constexpr std::string_view kDevelopmentIssuer = "urn:caponier:dev";

std::vector<Option> options() {
  std::vector<Option> out = run_options();
  out.push_back({"--format", "text|json|sarif", "how to report; json and sarif go to standard output whole"});
  return out;
}

const Verb& verb() {
  static const Verb kVerb{
      "caponier check --contract FILE [--upstream URL] [--overlay FILE]... [--config FILE] [--dev]",
      "Loads everything that `run` would, prints what is enforced, and serves nothing. A document alone is "
      "judged without asking where it will be served. Exit status: 0, 1 with findings, 2 if it cannot be "
      "loaded.",
      options()};
  return kVerb;
}

// What only a server would notice: a certificate that cannot be read, or does not belong to its key.
void check_certificates(Loaded& loaded) {
  for (const config::Listener& listener : loaded.config->listeners) {
    if (listener.certificates.empty()) continue;
    auto context = listener_context(listener);
    if (!context) loaded.diagnostics.add(context.error());
  }
}

void check_upstream_certificates(Loaded& loaded) {
  if (loaded.plan == nullptr) return;
  for (const plan::Upstream& upstream : loaded.plan->upstreams) {
    const auto context = upstream_context(upstream);
    if (!context) loaded.diagnostics.add(upstream_error(loaded, upstream, context.error()));
  }
}

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

std::string count(std::size_t number, std::string_view what) {
  return std::to_string(number) + ' ' + std::string(what) + (number == 1 ? "" : "s");
}

// Findings have a section of their own, once it can be served.
std::string text_of(const Diagnostics& diagnostics, bool with_findings) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (with_findings || diagnostic.severity != Severity::kFinding) out += to_text(diagnostic) + '\n';
  }
  return out;
}

std::size_t finding_count(const Diagnostics& diagnostics) {
  const auto& all = diagnostics.all();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::kFinding; }));
}

CheckOutcome outcome_of(const Loaded& loaded) {
  CheckOutcome outcome;
  outcome.contract = loaded.config->contract_file;
  outcome.loads = loaded.plan != nullptr && !loaded.diagnostics.has_errors();
  if (!outcome.loads) return outcome;
  outcome.exit_status = finding_count(loaded.diagnostics) == 0 ? 0 : 1;
  outcome.operations = loaded.plan->operations.size();
  outcome.not_exposed = loaded.plan->not_exposed.size();
  return outcome;
}

// The sources once more, because columns are counted otherwise there.
std::optional<std::string> read_source(const std::string& file) {
  auto text = store::read_file(file, kDocumentBytesMax);
  if (!text) return std::nullopt;
  return std::move(*text);
}

void print_text(const Loaded& loaded, bool loads, bool with_listeners) {
  print(stderr, text_of(loaded.diagnostics, !loads));
  if (!loads) {
    return print(stderr,
                 "caponier: " + count(loaded.diagnostics.error_count(), "error") + "; it cannot be served\n");
  }
  const plan::Plan& plan = *loaded.plan;
  std::string out = plan.title + " (" + plan.source + ")\n\n";
  append_coverage_table(out, plan);
  append_coverage_details(out, plan);
  if (with_listeners) append_listeners(out, *loaded.config);
  append_findings(out, loaded.diagnostics);
  out += '\n' + count(plan.operations.size(), "operation") + ", " + std::to_string(plan.not_exposed.size()) +
         " not exposed, " + count(finding_count(loaded.diagnostics), "finding") + '\n';
  print(stdout, out);
}

}  // namespace

int check(std::span<const std::string_view> arguments) {
  Arguments parsed;
  if (const auto status = parse_or_answer(verb(), arguments, parsed)) return *status;
  const std::string format = parsed.text("--format", "text");
  if (format != "text" && format != "json" && format != "sarif") {
    return fail("--format takes text, json or sarif, not '" + format + "'");
  }
  auto request = load_request(parsed);
  if (!request) return fail(request.error());
  if (request->dev) request->development_issuer = kDevelopmentIssuer;
  request->document_alone = request->config_file.empty() && request->upstream.empty() &&
                            request->listen.empty() && request->certificate.empty();
  Loaded loaded = load(*request);
  check_certificates(loaded);
  check_upstream_certificates(loaded);
  if (loaded.plan) check_key_sets(*loaded.plan, Severity::kFinding, loaded.diagnostics);
  loaded.diagnostics.sort();
  const CheckOutcome outcome = outcome_of(loaded);
  if (format == "json") {
    print(stdout, to_json(outcome, loaded.diagnostics));
  } else if (format == "sarif") {
    print(stdout, to_sarif(outcome.exit_status, loaded.diagnostics, read_source));
  } else {
    print_text(loaded, outcome.loads, !request->document_alone);
  }
  return outcome.exit_status;
}

}  // namespace caponier::cli
