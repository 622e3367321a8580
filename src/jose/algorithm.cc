#include "jose/algorithm.h"

namespace caponier::jose {
namespace {

constexpr std::string_view kNames[kAlgorithmCount] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                      "PS512", "ES256", "ES384", "ES512", "EdDSA"};

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view text) {
  for (int i = 0; i < kAlgorithmCount; ++i) {
    if (kNames[i] == text) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

std::string_view name(Algorithm algorithm) {
  return kNames[static_cast<int>(algorithm)];
}

AlgorithmSet default_algorithms() {
  AlgorithmSet set;
  for (Algorithm algorithm :
       {Algorithm::kRS256, Algorithm::kPS256, Algorithm::kES256, Algorithm::kES384, Algorithm::kEdDSA}) {
    set.add(algorithm);
  }
  return set;
}

AlgorithmSet all_algorithms() {
  AlgorithmSet set;
  for (int i = 0; i < kAlgorithmCount; ++i) set.add(static_cast<Algorithm>(i));
  return set;
}

}  // namespace caponier::jose
