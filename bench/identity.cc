// What it costs to know a caller by a signed token: one that is known already, one that is not (beside
// OpenSSL alone), the memory of 100,000 that are known, and the longest that making room for another one
// takes.
#include <malloc.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "jose/assertion_key.h"
#include "jose/test_keys.h"
#include "jose/token.h"
#include "stages/authenticate/token_cache.h"

namespace {

using namespace caponier;

constexpr std::int64_t kNowS = 1'800'000'000;
constexpr std::size_t kTokenBytes = 800;
constexpr double kVerifyRatioMax = 1.1;
constexpr double kCachedNsMax = 500;
constexpr double kMemoryMaxMiB = 64;
constexpr std::size_t kTokens = 100'000;
// A thousandth of the budget of a request's head would be seen by nobody; a pause of a millisecond would.
constexpr double kPauseMaxUs = 1000;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::string payload_of(std::size_t number) {
  const std::string id = std::to_string(1'000'000 + number);
  return R"({"iss":"https://acme.eu.auth0.example/","sub":"auth0|5f7c8ec7c33c6c004b)" + id +
         R"(","aud":["https://orders.example.com","https://acme.eu.auth0.example/userinfo"],"iat":)" +
         std::to_string(kNowS - 60) + R"(,"exp":)" + std::to_string(kNowS + 3600) +
         R"(,"azp":"gsmpQP1IvVnvCKqoT6yFjTGlkmIVpfMD","scope":"openid profile orders:read orders:write","jti":"0d1e2f3a)" +
         id + R"(","org_id":"org_9ybsU1dN2dKfDkBi"})";
}

std::string token_for(EVP_PKEY* key, std::string_view algorithm, std::size_t number) {
  std::string token = jose::test::make_token(
      key, algorithm, R"({"alg":")" + std::string(algorithm) + R"(","typ":"at+jwt","kid":"k"})",
      payload_of(number));
  return token;
}

// A token of that size, as text: what the cache sees.
std::string text_of(std::size_t number) {
  std::string text = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsifQ.";
  text += base64url_encode(payload_of(number));
  text.resize(kTokenBytes, 'x');
  return text;
}

std::shared_ptr<const jose::Claims> claims_of(std::size_t number) {
  jose::UnverifiedToken token{};
  token.payload = payload_of(number);
  auto claims = jose::read_claims(token, {});
  claims->fit();
  return std::make_shared<const jose::Claims>(std::move(*claims));
}

bool holds(bool good, const char* what) {
  if (!good) std::printf("OVER  %s\n", what);
  return good;
}

// The pieces of work that a request with a known token costs.
double cached_ns(const stages::TokenCache& cache, const std::vector<std::string>& texts,
                 const jose::TokenRules& rules) {
  constexpr int kRounds = 400'000;
  double best = 1e9;
  for (int turn = 0; turn < 7; ++turn) {
    std::size_t good = 0;
    std::size_t at = 0;
    const double start = cpu_ns();
    for (int i = 0; i < kRounds; ++i) {
      const stages::CachedToken* found = cache.find(cache.name(texts[at]), 1, kNowS);
      good += found != nullptr && !jose::check_claims(*found->claims, rules, kNowS) &&
                      !jose::check_audience(*found->claims, rules.audiences)
                  ? 1
                  : 0;
      at = (at + 7919) % texts.size();
    }
    const double used = (cpu_ns() - start) / kRounds;
    if (good != kRounds) return -1;
    best = std::min(best, used);
  }
  return best;
}

jose::TokenRules rules_of() {
  jose::TokenRules rules;
  rules.issuer = "https://acme.eu.auth0.example/";
  rules.audiences = {"https://orders.example.com"};
  return rules;
}

stages::CachedToken entry_of(const stages::TokenCache& cache, std::size_t number) {
  return {cache.name(text_of(number)), claims_of(number), 0, 1, 1, number, INT64_MAX};
}

bool measure_cached() {
  const jose::TokenRules rules = rules_of();
  stages::TokenCache cache(64, {1, 2});
  cache.insert(entry_of(cache, 0));
  const double one = cached_ns(cache, {text_of(0)}, rules);
  stages::TokenCache large(20'000, {1, 2});
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 1000; ++i) {
    large.insert(entry_of(large, i));
    texts.push_back(text_of(i));
  }
  const double many = cached_ns(large, texts, rules);
  std::printf("cached token of %zu bytes: %.0f ns; a thousand by turns: %.0f ns; at most %.0f ns\n",
              kTokenBytes, one, many, kCachedNsMax);
  return holds(one > 0 && one <= kCachedNsMax && many > 0 && many <= kCachedNsMax, "cached token");
}

bool measure_memory() {
  const auto before = mallinfo2().uordblks;
  auto cache = std::make_unique<stages::TokenCache>(kTokens, DigestKey{1, 2});
  for (std::size_t i = 0; i < kTokens; ++i) cache->insert(entry_of(*cache, i));
  const double mib = static_cast<double>(mallinfo2().uordblks - before) / (1024.0 * 1024.0);
  std::size_t found = 0;
  for (std::size_t i = 0; i < kTokens; ++i) {
    found += cache->find(cache->name(text_of(i)), 1, kNowS) != nullptr ? 1 : 0;
  }
  // Then as many again: each takes the place of another.
  double longest = 0;
  double all = 0;
  for (std::size_t i = 0; i < kTokens; ++i) {
    stages::CachedToken token = entry_of(*cache, kTokens + i);
    const double start = cpu_ns();
    cache->insert(std::move(token));
    const double took = cpu_ns() - start;
    longest = std::max(longest, took);
    all += took;
  }
  // A cache of that size does not hold all: some of its sets overflow before others are full.
  const double scaled = mib * static_cast<double>(kTokens) / static_cast<double>(found);
  std::printf(
      "%zu tokens: %.1f MiB, %.0f bytes each (of a cache of that size, %zu are kept); at most %.0f MiB\n",
      kTokens, scaled, mib * 1024 * 1024 / static_cast<double>(found), found, kMemoryMaxMiB);
  std::printf("one more in a full cache: %.0f ns, the longest of %zu %.0f us; at most %.0f us\n",
              all / static_cast<double>(kTokens), kTokens, longest / 1000, kPauseMaxUs);
  const bool small = holds(scaled <= kMemoryMaxMiB, "memory");
  return holds(longest / 1000 <= kPauseMaxUs, "eviction") && small;
}

// OpenSSL alone, at its best: one context that was initialised once, copied for each signature.
class Reference {
 public:
  Reference(EVP_PKEY* key, std::string_view algorithm) : ready_(EVP_MD_CTX_new()), used_(EVP_MD_CTX_new()) {
    const EVP_MD* digest = jose::test::digest_for(algorithm);
    (void)EVP_DigestVerifyInit(ready_.get(), nullptr, digest, nullptr, key);
  }
  bool operator()(const std::string& signature, std::string_view text) const {
    return EVP_MD_CTX_copy_ex(used_.get(), ready_.get()) == 1 &&
           EVP_DigestVerify(used_.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                            text.size()) == 1;
  }

 private:
  jose::DigestContextHandle ready_;
  jose::DigestContextHandle used_;
};

template <class Verify>
double verify_ns(int rounds, const Verify& verify) {
  const double start = cpu_ns();
  int good = 0;
  for (int i = 0; i < rounds; ++i) good += verify() ? 1 : 0;
  const double used = (cpu_ns() - start) / rounds;
  return good == rounds ? used : -1;
}

// Parts and claims are read as well: what a request with an unknown token costs, all in all.
bool measure_verify(const char* algorithm, jose::KeyHandle key) {
  constexpr int kRounds = 1000;
  constexpr int kTurns = 15;
  const std::string token = token_for(key.get(), algorithm, 1);
  auto set = jose::parse_key_set(R"({"keys":[)" + jose::test::jwk(key.get(), R"(,"kid":"k")") + "]}", {});
  const auto parsed = jose::parse_token(token, {});
  if (!set || !parsed) return holds(false, algorithm);
  const jose::VerificationKey& public_key = set->keys.front();
  const std::string_view input = parsed->signing_input;
  const Reference reference(public_key.key.get(), algorithm);
  const std::string raw = jose::test::sign_raw(key.get(), input, jose::test::digest_for(algorithm));
  const jose::AlgorithmSet all = jose::all_algorithms();
  std::vector<double> ratios;
  double ours = 1e9;
  double theirs = 1e9;
  double whole = 1e9;
  for (int turn = 0; turn < kTurns; ++turn) {
    const double one = verify_ns(kRounds, [&] { return !jose::verify_signature(*parsed, all, public_key); });
    const double other = verify_ns(kRounds, [&] { return reference(raw, input); });
    const double total = verify_ns(kRounds, [&] {
      const auto unverified = jose::parse_token(token, {});
      return unverified && !jose::verify_signature(*unverified, all, public_key) &&
             jose::read_claims(*unverified, {});
    });
    if (one < 0 || other < 0 || total < 0) return holds(false, algorithm);
    ratios.push_back(one / other);
    ours = std::min(ours, one);
    theirs = std::min(theirs, other);
    whole = std::min(whole, total);
  }
  std::sort(ratios.begin(), ratios.end());
  const double ratio = ratios[kTurns / 2];
  std::printf(
      "%s: %.1f us, OpenSSL alone %.1f us: ratio, median of %d rounds, %.3f; at most %.1f (with parts and "
      "claims %.1f us)\n",
      algorithm, ours / 1000, theirs / 1000, kTurns, ratio, kVerifyRatioMax, whole / 1000);
  return holds(ratio <= kVerifyRatioMax, algorithm);
}

// What each request costs whose upstream is told who calls.
void measure_sign(jose::Algorithm algorithm) {
  constexpr int kRounds = 500;
  constexpr int kTurns = 9;
  const auto key = jose::AssertionKey::generate(algorithm);
  if (!key) return;
  const std::string claims = payload_of(1);
  std::string token;
  double best = 1e9;
  for (int turn = 0; turn < kTurns; ++turn) {
    best = std::min(best, verify_ns(kRounds, [&] {
                      token.clear();
                      return key->sign(claims, token);
                    }));
  }
  std::printf("an identity token of %zu bytes, signed by %s: %.1f us\n", token.size(),
              std::string(jose::name(algorithm)).c_str(), best / 1000);
}

}  // namespace

int main() {
  bool good = measure_cached();
  good = measure_verify("RS256", jose::test::make_rsa(2048)) && good;
  good = measure_verify("ES256", jose::test::make_ec("P-256")) && good;
  good = measure_verify("EdDSA", jose::test::make_ed25519()) && good;
  for (const auto algorithm : {jose::Algorithm::kES256, jose::Algorithm::kEdDSA, jose::Algorithm::kRS256})
    measure_sign(algorithm);
  good = measure_memory() && good;
  return good ? 0 : 1;
}
