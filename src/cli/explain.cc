// caponier explain: what became of a request, in plain sentences, from the decision log.
#include <cstdio>
#include <fstream>
#include <string>

#include "cli/arguments.h"
#include "cli/verbs.h"
#include "json/document.h"
#include "reasons/reasons.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kLineBytesMax = std::size_t{64} * 1024;

const Verb& verb() {
  static const Verb kVerb{
      "caponier explain REQUEST-ID [--log FILE] [--state-dir DIR]",
      "Tells which stage decided about a request, which line of the document says so, and what would "
      "make it pass. The request ID is in the answer and in its X-Request-ID header.",
      {{"--log", "FILE", "the decision log; default: decisions.ndjson in the state directory"},
       {"--state-dir", "DIR", "the gateway's state directory"}},
      1};
  return kVerb;
}

std::string member(const json::Value& record, std::string_view name) {
  const auto value = record.find(name);
  if (!value) return {};
  if (value->is(json::Kind::kString)) return std::string(value->string());
  if (value->is(json::Kind::kNumber)) return std::string(value->number_text());
  return {};
}

std::string request_line(const json::Value& record) {
  const std::string operation = member(record, "operation");
  std::string text = member(record, "method") + " " + member(record, "path");
  if (!operation.empty() && operation != text) text += " (operation " + operation + ")";
  return text;
}

void tell_allowed(const json::Value& record) {
  std::printf("It was allowed by every stage");
  const std::string upstream = member(record, "upstream_status");
  if (!upstream.empty()) std::printf(" and answered by the upstream with status %s", upstream.c_str());
  std::printf(".\n");
}

void tell_refused(const json::Value& record, const std::string& reason_id) {
  const std::string stage = member(record, "stage");
  const std::string where = member(record, "where");
  const std::string detail = member(record, "detail");
  std::printf("It was refused%s%s: %s.\n", stage.empty() ? "" : " by the stage ", stage.c_str(),
              reason_id.c_str());
  const auto reason = find_reason(reason_id);
  if (reason)
    std::printf("  What that means: %.*s\n", static_cast<int>(entry(*reason).meaning.size()),
                entry(*reason).meaning.data());
  if (!detail.empty()) std::printf("  In this request: %s\n", detail.c_str());
  if (!where.empty()) std::printf("  The line that says so: %s\n", where.c_str());
  if (reason && !entry(*reason).remedy.empty()) {
    std::printf("  What would make it pass: %.*s\n", static_cast<int>(entry(*reason).remedy.size()),
                entry(*reason).remedy.data());
  }
}

void tell(const json::Value& record) {
  std::printf("%s at %s, from %s, listener %s.\n", request_line(record).c_str(),
              member(record, "time").c_str(), member(record, "peer").c_str(),
              member(record, "listener").c_str());
  const std::string status = member(record, "status");
  if (!status.empty()) std::printf("The client got status %s.\n", status.c_str());
  const std::string subject = member(record, "subject");
  if (!subject.empty())
    std::printf("The caller was %s, proven by %s.\n", subject.c_str(), member(record, "credential").c_str());
  const std::string reason = member(record, "reason");
  if (reason.empty() || reason == "none") {
    tell_allowed(record);
  } else {
    tell_refused(record, reason);
  }
}

}  // namespace

int explain(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (arguments.positionals().empty()) return fail("which request? caponier explain REQUEST-ID");
  const std::string id(arguments.positionals()[0]);
  const std::string file =
      arguments.has("--log")
          ? arguments.text("--log")
          : arguments.text("--state-dir", store::default_state_dir()) + "/decisions.ndjson";
  std::ifstream log(file);
  if (!log) return fail(file + ": the decision log cannot be read");
  json::Document document;
  std::string line;
  while (std::getline(log, line)) {
    if (line.size() > kLineBytesMax || line.find(id) == std::string::npos) continue;
    auto record = document.read(line, JsonLimits{});
    if (!record || !record->is(json::Kind::kObject) || member(*record, "request_id") != id) continue;
    tell(*record);
    return 0;
  }
  std::fprintf(stderr, "caponier: no request %s in %s; is it the log of the gateway that answered?\n",
               id.c_str(), file.c_str());
  return 1;
}

}  // namespace caponier::cli
