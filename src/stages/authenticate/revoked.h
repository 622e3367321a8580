// Whether what a caller proved was revoked since: asked again while a stream or a WebSocket is open.
#pragma once

#include <optional>

#include "plan/identity_facts.h"
#include "stages/exchange.h"

namespace caponier::stages {

// What a token could be revoked by. `leeway_s`: how far its issuer's clock may be ahead.
plan::RevocableToken revocable(const jose::Claims& claims, std::string_view token, std::int64_t leeway_s);

// Why the caller's credentials do not hold any more; nothing: they do.
std::optional<Reason> revoked_since(const Principal& principal, const plan::IdentityFacts& facts,
                                    std::int64_t now_s, const Sessions* sessions = nullptr);

}  // namespace caponier::stages
