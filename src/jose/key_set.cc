#include "jose/key_set.h"

#include <map>

#include "jose/jwk.h"
#include "jose/openssl_handles.h"

namespace caponier::jose {
namespace {

constexpr std::uint32_t kKeySetDepthMax = 16;
constexpr std::uint32_t kKeySetNodesMax = 20'000;

// Keys that share a kid are all refused: which of them a token means would be a guess.
void refuse_shared_ids(KeySet& set) {
  std::map<std::string, int> uses;
  for (const VerificationKey& key : set.keys) ++uses[key.id];
  std::vector<VerificationKey> unique;
  for (VerificationKey& key : set.keys) {
    if (key.id.empty() || uses[key.id] == 1) {
      unique.push_back(std::move(key));
    } else {
      set.refused.push_back({key.id, "Another key of the set has the same kid.", key.index});
    }
  }
  set.keys = std::move(unique);
}

}  // namespace

void KeyDeleter::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}

const VerificationKey* KeySet::find(std::string_view id, Algorithm algorithm) const {
  const VerificationKey* nameless = nullptr;
  std::size_t candidates = 0;
  for (const VerificationKey& key : keys) {
    if (!id.empty() && key.id == id) return &key;
    // A key without a kid can be meant by any token; one with another kid only by tokens that name none.
    if ((id.empty() || key.id.empty()) && key.algorithms.has(algorithm)) {
      nameless = &key;
      ++candidates;
    }
  }
  return candidates == 1 ? nameless : nullptr;
}

Result<KeySet, std::string> read_key_set(std::string_view json_text, const TokenLimits& limits) {
  JsonLimits json_limits;
  json_limits.bytes_max = limits.key_set_bytes_max;
  json_limits.depth_max = kKeySetDepthMax;
  json_limits.nodes_max = kKeySetNodesMax;
  json::Document document;
  const auto root = document.read(json_text, json_limits);
  if (!root) {
    return Err("The key set is not acceptable JSON: " + std::string(json::name(root.error().error)) +
               " at byte " + std::to_string(root.error().offset) + ".");
  }
  const auto array = root->is(json::Kind::kObject) ? root->find("keys") : std::nullopt;
  if (!array || !array->is(json::Kind::kArray)) {
    return Err<std::string>("The key set is not an object with an array \"keys\".");
  }
  if (array->size() > limits.keys_per_set_max) {
    return Err("The key set holds more than " + std::to_string(limits.keys_per_set_max) + " keys.");
  }
  KeySet set;
  json::Value jwk = array->first_child();
  for (std::uint32_t i = 0; i < array->size(); ++i, jwk = jwk.next_sibling()) {
    auto key = read_jwk(jwk);
    if (key) {
      key->index = i;
      set.keys.push_back(std::move(*key));
      continue;
    }
    std::string id = jwk_id(jwk);
    set.refused.push_back({id.empty() ? "#" + std::to_string(i) : std::move(id), key.error(), i});
  }
  refuse_shared_ids(set);
  return set;
}

Result<KeySet, std::string> parse_key_set(std::string_view json_text, const TokenLimits& limits) {
  auto set = read_key_set(json_text, limits);
  if (!set || !set->keys.empty()) return set;
  if (set->refused.empty()) return Err<std::string>("The key set is empty.");
  return Err("The key set holds no usable key. The first one: " + set->refused.front().reason);
}

}  // namespace caponier::jose
