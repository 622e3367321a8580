// Whom a refused credential claims to speak for. Anybody can claim that: it counts failures, and decides
// nothing else.
#pragma once

#include <string_view>

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

// The id of an API key, if `text` has the form of one.
void name_attempted_key(const Reading& reading, std::string_view text, Denial& denial);
// Issuer and subject of a JWT, or its client; nobody, if its claims cannot be read.
void name_attempted_subject(const Reading& reading, std::string_view token, Denial& denial);
// The name of a user, of whom nobody knows whether they exist.
void name_attempted_user(const Reading& reading, std::string_view user, Denial& denial);
// What records call a user, whether a password was right or not: names are personal data.
std::uint64_t hash_of_user(const DigestKey& key, std::string_view user);

}  // namespace caponier::stages
