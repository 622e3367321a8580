#include "cli/check.h"

#include <cstdio>

#include "base/secret.h"
#include "cli/arguments.h"
#include "cli/coverage.h"
#include "cli/load_plan.h"
#include "cli/run_options.h"
#include "store/state_dir.h"
#include "tls/context.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1024} * 1024;
// Nothing is served, so that no key is made: the name stands for whatever issuer `run --dev` will make.
constexpr std::string_view kDevelopmentIssuer = "urn:caponier:dev";

const Verb& verb() {
  static const Verb kVerb{
      "caponier check --contract FILE [--upstream URL] [--config FILE] [--dev]",
      "Loads everything that `run` would, prints what is enforced, and serves nothing. A document alone is "
      "judged without asking where it will be served. Exit status: 0, 1 with findings, 2 if it cannot be "
      "loaded.",
      run_options()};
  return kVerb;
}

// What only a server would notice: a certificate that cannot be read, or does not belong to its key.
void check_certificates(Loaded& loaded) {
  for (const config::Listener& listener : loaded.config->listeners) {
    if (listener.certificate_file.empty() || listener.key_file.empty()) continue;
    std::string wrong;
    const auto chain = store::read_file(listener.certificate_file, kPemBytesMax);
    auto key = store::read_file(listener.key_file, kPemBytesMax);
    if (!chain) {
      wrong = chain.error();
    } else if (!key) {
      wrong = key.error();
    } else {
      const Secret secret(std::move(*key));
      const auto context = tls::ServerContext::create(*chain, secret.reveal());
      if (!context) wrong = listener.certificate_file + ", " + listener.key_file + ": " + context.error();
    }
    if (wrong.empty()) continue;
    loaded.diagnostics.add({.code = "bad-certificate",
                            .file = listener.origin.file,
                            .position = listener.origin.position,
                            .message = std::move(wrong)});
  }
}

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

std::string count(std::size_t number, std::string_view what) {
  return std::to_string(number) + ' ' + std::string(what) + (number == 1 ? "" : "s");
}

// Findings have a section of their own.
std::string text_of(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kFinding) out += to_text(diagnostic) + '\n';
  }
  return out;
}

}  // namespace

int check(std::span<const std::string_view> arguments) {
  Arguments parsed;
  if (const auto status = parse_or_answer(verb(), arguments, parsed)) return *status;
  auto request = load_request(parsed);
  if (!request) return fail(request.error());
  if (request->dev) request->development_issuer = kDevelopmentIssuer;
  request->document_alone = request->config_file.empty() && request->upstream.empty() &&
                            request->listen.empty() && request->certificate.empty();
  Loaded loaded = load(*request);
  check_certificates(loaded);
  loaded.diagnostics.sort();
  print(stderr, text_of(loaded.diagnostics));
  if (loaded.plan == nullptr || loaded.diagnostics.has_errors()) {
    print(stderr,
          "caponier: " + count(loaded.diagnostics.error_count(), "error") + "; it cannot be served\n");
    return 2;
  }
  const plan::Plan& plan = *loaded.plan;
  std::string out = plan.title + " (" + plan.source + ")\n\n";
  append_coverage_table(out, plan);
  append_coverage_details(out, plan);
  append_findings(out, plan);
  out += '\n' + count(plan.operations.size(), "operation") + ", " + std::to_string(plan.not_exposed.size()) +
         " not exposed, " + count(plan.findings.size(), "finding") + '\n';
  print(stdout, out);
  return plan.findings.empty() ? 0 : 1;
}

}  // namespace caponier::cli
