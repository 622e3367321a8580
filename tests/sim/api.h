// The small API that the simulated gateway guards, compiled once, and tokens for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "jose/signing_key.h"
#include "plan/plan.h"

namespace caponier::sim {

// When simulated time begins; tokens are made for it.
inline constexpr std::int64_t kStartS = 1'800'000'000;
inline constexpr std::uint16_t kUpstreamPort = 9000;
inline constexpr std::uint16_t kGatewayPort = 8080;
inline constexpr std::size_t kJsonBytesMax = 2000;
inline constexpr std::size_t kFileBytesMax = 200'000;
inline constexpr std::int64_t kShortTokenS = 20;

struct Api {
  // `limits` null: the defaults. `upstream`: as the configuration has it; empty: the one at kUpstreamPort.
  explicit Api(const Limits* limits = nullptr, std::string_view upstream = {});
  [[nodiscard]] std::string token(const jose::SigningKey& key, std::string_view scope,
                                  std::int64_t expires_in_s) const;

  const jose::SigningKey& key;
  const jose::SigningKey& foreign;  // of nobody whom the gateway trusts
  std::shared_ptr<const plan::Plan> plan;
  std::string good;   // every scope
  std::string brief;  // the same, for kShortTokenS
  std::string poor;   // none
  std::string expired;
  std::string forged;  // signed by `foreign`
};

// The API with default limits, made when first asked for.
const Api& api();

}  // namespace caponier::sim
