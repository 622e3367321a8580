#include "jose/roca.h"

#include <openssl/bn.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <optional>

namespace caponier::jose {
namespace {

// The vulnerable primes are k * M + (65537^a mod M), where M is the product of the first n primes; n grows
// with the size of the key, so that the first 39 are in all of them (Nemec, Sys, Svenda, Klinec, Matyas: "The
// Return of Coppersmith's Attack", CCS 2017, section 2). Two says nothing: every modulus is odd.
constexpr std::array<std::uint32_t, 38> kPrimes = {
    3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
    73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
constexpr std::uint32_t kGenerator = 65537;

struct Logarithm {
  std::uint32_t value = 0;
  std::uint32_t order = 0;  // it is known modulo this
};

// Of `residue` to the base of the generator modulo `prime`; nothing if it is no power of it.
std::optional<Logarithm> logarithm(std::uint32_t residue, std::uint32_t prime) {
  std::optional<std::uint32_t> found;
  std::uint32_t power = 1;
  std::uint32_t exponent = 0;
  do {
    if (power == residue) found = exponent;
    power = power * (kGenerator % prime) % prime;
    ++exponent;
  } while (power != 1);
  if (!found) return std::nullopt;
  return Logarithm{*found, exponent};
}

}  // namespace

// The modulus is 65537^c mod M as well, being a product of such primes. c exists if there is one modulo each
// prime and those agree pairwise, which is the Chinese remainder theorem for moduli that are not coprime.
bool has_roca_fingerprint(const BIGNUM* modulus) {
  std::array<Logarithm, kPrimes.size()> logarithms;
  for (std::size_t i = 0; i < kPrimes.size(); ++i) {
    const auto residue = static_cast<std::uint32_t>(BN_mod_word(modulus, kPrimes[i]));
    const auto found = logarithm(residue, kPrimes[i]);
    if (!found) return false;
    logarithms[i] = *found;
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint32_t shared = std::gcd(found->order, logarithms[j].order);
      if (found->value % shared != logarithms[j].value % shared) return false;
    }
  }
  return true;
}

}  // namespace caponier::jose
