// Requests that never became an exchange, because their head could be read in more than one way or not at
// all.
#pragma once

#include <string_view>

#include "http/decode_error.h"
#include "reasons/reasons.h"
#include "stages/exchange.h"

namespace caponier::gateway {

class Worker;

Reason reason_for(http::DecodeError error);
// `type`: as in event::ConnectionRecord. `request_id`: of an answer, if there is one.
void record_connection(Worker& worker, std::string_view type, const stages::Peer& peer, Reason reason,
                       std::string_view detail, std::string_view request_id = {});
inline void record_undecodable(Worker& worker, const stages::Peer& peer, Reason reason,
                               std::string_view detail, std::string_view request_id) {
  record_connection(worker, "undecodable", peer, reason, detail, request_id);
}

}  // namespace caponier::gateway
