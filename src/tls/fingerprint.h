// Whether two sets of certificates and keys are the same, without keeping either.
#pragma once

#include <string>
#include <string_view>

namespace caponier::tls {

// PEM texts. `authorities` empty: the system's store, as it is on the disk at this moment.
std::string fingerprint_of(std::string_view authorities, std::string_view chain, std::string_view key);

}  // namespace caponier::tls
