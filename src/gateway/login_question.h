// What a browser, or an issuer, asks of a login, from the request that asks.
#pragma once

#include <string_view>

#include "fetch/browser_login.h"
#include "stages/exchange.h"

namespace caponier::gateway {

inline constexpr std::uint64_t kLoginBodyBytesMax = std::uint64_t{32} * 1024;

fetch::LoginQuestion login_question(stages::Exchange& exchange, const stages::NeedLogin& need,
                                    std::string_view body);

}  // namespace caponier::gateway
