#include "event/record.h"

#include "event/line.h"

namespace caponier::event {
namespace {

std::string_view reason_id(Reason reason) {
  return reason == Reason::kNone ? std::string_view() : entry(reason).id;
}

}  // namespace

void append(std::string& out, const ExchangeRecord& record) {
  Line line(out, record.wall_ms);
  line.text("type", "exchange");
  line.text("request_id", record.request_id);
  line.text("trace_id", record.trace_id);
  line.text("client_trace_id", Untrusted{record.client_trace_id});
  line.text("peer", record.peer);
  line.text("listener", record.listener);
  line.text("method", record.method);
  line.text("operation", record.operation);
  line.text("path", record.path);
  line.text("raw_path", record.raw_path);
  line.number("status", record.status);
  line.number("upstream_status", record.upstream_status);
  line.text("reason", reason_id(record.reason));
  line.text("stage", record.stage);
  line.text("detail", record.detail);
  line.text("where", record.where);
  if (!record.reported.empty()) {
    line.begin_list("reported");
    for (const Reported& reported : record.reported) {
      line.begin_item(&reported == record.reported.data(), "reason", reason_id(reported.reason));
      line.text("stage", reported.stage);
      line.text("detail", reported.detail);
      line.text("where", reported.where);
      line.end_item();
    }
    line.end_list();
  }
  line.text("issuer", record.issuer);
  line.text("subject", record.subject);
  line.text("client_certificate", record.client_certificate);
  line.credential("credential", record.credential);
  line.credential("attempted", record.attempted);
  line.text("user_agent", record.user_agent);
  line.number("request_bytes", record.request_body_bytes);
  line.number("response_bytes", record.response_body_bytes);
  line.duration("duration_us", record.duration_us);
  line.duration("upstream_us", record.upstream_us);
  line.number("attempts", record.upstream_attempts);
  line.flag("aborted", record.aborted);
  line.finish();
}

void append(std::string& out, const ConnectionRecord& record) {
  Line line(out, record.wall_ms);
  line.text("type", record.type);
  line.text("request_id", record.request_id);
  line.text("peer", record.peer);
  line.text("listener", record.listener);
  line.number("status", record.status);
  line.text("reason", reason_id(record.reason));
  line.text("detail", record.detail);
  line.finish();
}

void append(std::string& out, const LifecycleRecord& record) {
  Line line(out, record.wall_ms);
  line.text("type", "lifecycle");
  line.text("what", record.what);
  line.text("detail", record.detail);
  line.number("count", record.count);
  line.finish();
}

}  // namespace caponier::event
