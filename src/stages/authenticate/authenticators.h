// All authenticators, in the order in which they are asked: what costs least first. Where several find
// somebody and are part of what lets the caller in, the last says who calls.
#pragma once

#include <array>

#include "stages/authenticate/api_key.h"
#include "stages/authenticate/authenticator.h"
#include "stages/authenticate/basic.h"
#include "stages/authenticate/bearer.h"
#include "stages/authenticate/client_certificate.h"
#include "stages/authenticate/session.h"

namespace caponier::stages {

inline constexpr std::array kAuthenticators = {
    Authenticator{knows<plan::ClientCertificateRule>, read_client_certificate},
    Authenticator{knows<plan::ApiKeyRule>, read_api_keys, choose_api_key},
    Authenticator{knows<plan::SessionRule>, read_session, choose_session},
    Authenticator{knows<plan::BearerRule>, read_bearer},
    Authenticator{knows<plan::BasicRule>, read_basic},
};

}  // namespace caponier::stages
