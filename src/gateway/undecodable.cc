#include "gateway/undecodable.h"

#include "event/record.h"
#include "gateway/worker.h"

namespace caponier::gateway {

Reason reason_for(http::DecodeError error) {
  switch (http::status_for(error)) {
    case 414:
      return Reason::kTargetTooLong;
    case 417:
      return Reason::kExpectationFailed;
    case 431:
      return Reason::kHeadTooLarge;
    case 501:
      return Reason::kNotImplemented;
    case 505:
      return Reason::kVersionUnsupported;
    default:
      return Reason::kBadRequestSyntax;
  }
}

void record_connection(Worker& worker, std::string_view type, const stages::Peer& peer, Reason reason,
                       std::string_view detail, std::string_view request_id) {
  event::ConnectionRecord refused;
  refused.wall_ms = worker.loop().now().wall_ms;
  refused.type = type;
  refused.request_id = request_id;
  refused.peer = peer.text;
  refused.listener = peer.listener;
  refused.status = entry(reason).status;
  refused.reason = reason;
  refused.detail = detail;
  worker.record(refused);
}

}  // namespace caponier::gateway
