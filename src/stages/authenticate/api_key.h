// API keys in headers, cookies, and where the document insists in the query: from request to the key's entry.
// Only digests are compared, and only digests are kept.
#pragma once

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

// kCredentialRepeated if a place held more than one.
Verdict<Unit> read_api_keys(Reading& reading);
void choose_api_key(Reading& reading, const Admission& admission);

}  // namespace caponier::stages
