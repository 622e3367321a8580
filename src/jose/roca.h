// RSA moduli of a library that drew its primes from a small set (CVE-2017-15361, "ROCA"): whoever has such a
// public key can compute the private one. Private to this room.
#pragma once

typedef struct bignum_st BIGNUM;

namespace caponier::jose {

// True if the modulus bears the fingerprint; of other keys, one in 2^154 does by chance.
bool has_roca_fingerprint(const BIGNUM* modulus);

}  // namespace caponier::jose
