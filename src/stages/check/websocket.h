// Stage check, the answer to a WebSocket handshake (RFC 6455, section 4.1): does the upstream agree to
// exactly what the client asked for?
#pragma once

#include <optional>

#include "http/message.h"
#include "plan/plan.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Of a 101. `where` is the place of its declaration.
std::optional<Denial> check_handshake(const http::RequestHead& request, const http::ResponseHead& head,
                                      const plan::Where& where);

}  // namespace caponier::stages
