#include "jose/roca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/test_keys.h"
#include "jose/test_roca.h"

namespace caponier::jose {
namespace {

NumberHandle modulus_of(EVP_PKEY* key) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &number), 1);
  return NumberHandle(number);
}

TEST(Roca, a_key_of_primes_from_the_small_set_bears_the_fingerprint) {
  const NumberHandle p = test::vulnerable_prime(1024, 4711);
  const NumberHandle q = test::vulnerable_prime(1024, 1234567);
  EXPECT_TRUE(has_roca_fingerprint(test::product(p.get(), q.get()).get()));
}

TEST(Roca, keys_of_honest_libraries_do_not) {
  for (int i = 0; i < 4; ++i) {
    const KeyHandle key = test::make_rsa(2048);
    EXPECT_FALSE(has_roca_fingerprint(modulus_of(key.get()).get()));
  }
}

// Each residue alone is a power of 65537, as one modulus in some thousands has it, but there is no one power
// of it that is all of them.
TEST(Roca, residues_that_are_powers_but_not_the_same_power_are_no_fingerprint) {
  const NumberHandle half = test::primorial(3, 61);
  const NumberHandle rest = test::primorial(67, 167);
  const NumberHandle first = test::generator_power(1, half.get());
  const NumberHandle second = test::generator_power(2, rest.get());
  const NumberHandle mixed = test::chinese_remainder(first.get(), half.get(), second.get(), rest.get());
  EXPECT_FALSE(has_roca_fingerprint(mixed.get()));
  const NumberHandle same = test::generator_power(1, rest.get());
  const NumberHandle agreed = test::chinese_remainder(first.get(), half.get(), same.get(), rest.get());
  EXPECT_TRUE(has_roca_fingerprint(agreed.get()));
}

}  // namespace
}  // namespace caponier::jose
