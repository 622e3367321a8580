// The signature algorithms of RFC 7518 and RFC 8037 that Caponier verifies. `none` and the HMAC family are
// not among them: a token that names one is refused like any other unknown name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace caponier::jose {

enum class Algorithm : std::uint8_t {
  kRS256,
  kRS384,
  kRS512,
  kPS256,
  kPS384,
  kPS512,
  kES256,
  kES384,
  kES512,
  kEdDSA
};
inline constexpr int kAlgorithmCount = 10;

std::optional<Algorithm> parse_algorithm(std::string_view name);  // exact, case-sensitive
std::string_view name(Algorithm algorithm);

// A set of algorithms, as pinned per issuer.
class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr void add(Algorithm a) {
    bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(a)));
  }
  [[nodiscard]] constexpr bool has(Algorithm a) const { return (bits_ >> static_cast<unsigned>(a)) & 1U; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

 private:
  std::uint16_t bits_ = 0;
};
// RS256, PS256, ES256, ES384, EdDSA.
AlgorithmSet default_algorithms();
AlgorithmSet all_algorithms();

}  // namespace caponier::jose
