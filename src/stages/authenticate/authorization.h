// The Authorization header (RFC 9110, section 11.6.2): one, of one scheme, and read by whoever takes that
// scheme.
#pragma once

#include <span>
#include <string_view>

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

struct Authorization {
  std::string_view word;        // the scheme, of those that were asked for; empty: there is none
  std::string_view credential;  // what stands behind it; not empty if the word is not
};

// Nothing if there is no such header, or if it is of another scheme that the operation's callers may use;
// refused if nobody reads it, if it came more than once, and if nothing stands behind the word. `words` are
// lower case.
Verdict<Authorization> read_authorization(const Reading& reading, std::span<const std::string_view> words);

}  // namespace caponier::stages
