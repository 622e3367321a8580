// RSA primes as the library of CVE-2017-15361 drew them: k * M + (65537^a mod M), M a product of small
// primes.
#pragma once

#include <string>

#include "base/bytes.h"
#include "jose/openssl_handles.h"

namespace caponier::jose::test {

struct NumberContext {
  BN_CTX* context = BN_CTX_new();
  NumberContext() = default;
  NumberContext(const NumberContext&) = delete;
  NumberContext& operator=(const NumberContext&) = delete;
  ~NumberContext() { BN_CTX_free(context); }
};

inline bool is_small_prime(unsigned number) {
  for (unsigned divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

// The product of all primes from `first` to `last`.
inline NumberHandle primorial(unsigned first, unsigned last) {
  NumberHandle number(BN_new());
  BN_one(number.get());
  for (unsigned prime = first; prime <= last; ++prime) {
    if (is_small_prime(prime)) BN_mul_word(number.get(), prime);
  }
  return number;
}

inline NumberHandle generator_power(unsigned long exponent, const BIGNUM* modulus) {
  const NumberContext scratch;
  const NumberHandle base(BN_new());
  const NumberHandle power(BN_new());
  NumberHandle result(BN_new());
  BN_set_word(base.get(), 65537);
  BN_set_word(power.get(), exponent);
  BN_mod_exp(result.get(), base.get(), power.get(), modulus, scratch.context);
  return result;
}

inline NumberHandle product(const BIGNUM* a, const BIGNUM* b) {
  const NumberContext scratch;
  NumberHandle result(BN_new());
  BN_mul(result.get(), a, b, scratch.context);
  return result;
}

// The number that is `a` modulo `m` and `b` modulo `n`.
inline NumberHandle chinese_remainder(const BIGNUM* a, const BIGNUM* m, const BIGNUM* b, const BIGNUM* n) {
  const NumberContext scratch;
  const NumberHandle inverse(BN_mod_inverse(nullptr, m, n, scratch.context));
  NumberHandle result(BN_new());
  BN_mod_sub(result.get(), b, a, n, scratch.context);
  BN_mod_mul(result.get(), result.get(), inverse.get(), n, scratch.context);
  BN_mul(result.get(), result.get(), m, scratch.context);
  BN_add(result.get(), result.get(), a);
  return result;
}

// A prime of that form with the two highest bits set, so that two of them make a modulus of twice the size.
inline NumberHandle vulnerable_prime(int bits, unsigned long exponent) {
  const NumberContext scratch;
  const NumberHandle step = primorial(2, 701);  // as for keys of 1984 to 3936 bits
  NumberHandle prime = generator_power(exponent, step.get());
  const NumberHandle start(BN_new());
  BN_set_bit(start.get(), bits - 1);
  BN_set_bit(start.get(), bits - 2);
  const NumberHandle multiple(BN_new());
  BN_div(multiple.get(), nullptr, start.get(), step.get(), scratch.context);
  BN_add_word(multiple.get(), 1);
  BN_mul(multiple.get(), multiple.get(), step.get(), scratch.context);
  BN_add(prime.get(), prime.get(), multiple.get());
  while (BN_check_prime(prime.get(), scratch.context, nullptr) != 1) {
    BN_add(prime.get(), prime.get(), step.get());
  }
  return prime;
}

// The modulus of a vulnerable key of 2048 bits, big-endian.
inline std::string vulnerable_modulus() {
  const NumberHandle p = vulnerable_prime(1024, 1'000'003);
  const NumberHandle q = vulnerable_prime(1024, 2'000'029);
  const NumberHandle modulus = product(p.get(), q.get());
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(modulus.get())), '\0');
  BN_bn2bin(modulus.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

}  // namespace caponier::jose::test
