// Which public keys are good enough, and for which algorithms. Private to this room.
#pragma once

#include <string>

#include "base/result.h"
#include "jose/key_set.h"

namespace caponier::jose {

// The algorithms that the key's type, size and curve allow; or a sentence that says why it is not used: RSA
// below 2048 or above 8192 bits, an exponent below 65537, above 32 bits or even, a modulus with the ROCA
// fingerprint, another curve, a point that is not on it or of small order, another type.
Result<AlgorithmSet, std::string> judge_key(EVP_PKEY* key);

}  // namespace caponier::jose
