// The published signature vectors of RFC 7520, RFC 8037 and RFC 7797: what is served verifies, what is not is
// refused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/bytes.h"
#include "jose/token.h"
#include "json/document.h"

namespace caponier::jose {
namespace {

struct Vector {
  std::string name;
  std::string text;
};

std::vector<Vector> read_folder(const std::filesystem::path& folder) {
  std::vector<Vector> vectors;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    vectors.push_back({file.path().filename().string(), text.str()});
  }
  return vectors;
}

std::optional<json::Value> at(std::optional<json::Value> value, std::initializer_list<const char*> path) {
  for (const char* member : path) {
    if (!value || !value->is(json::Kind::kObject)) return std::nullopt;
    value = value->find(member);
  }
  return value;
}

// The public half of the vector's key, as a key set.
std::string public_key_set(json::Value key) {
  std::string out = R"({"keys":[{)";
  json::Value member = key.first_child();
  for (std::uint32_t i = 0; i < key.size(); ++i, member = member.next_sibling().next_sibling()) {
    const json::Value value = member.next_sibling();
    const std::string_view name = member.string();
    const bool is_public = name == "kty" || name == "kid" || name == "crv" || name == "n" || name == "e" ||
                           name == "x" || name == "y" || name == "k";
    if (!is_public || !value.is(json::Kind::kString)) continue;
    if (out.back() != '{') out += ',';
    out += "\"" + std::string(name) + "\":\"" + std::string(value.string()) + "\"";
  }
  return out + "}]}";
}

// The payloads of the vectors are prose, which parse_token refuses: only their signatures are judged here.
UnverifiedToken token_of(std::string_view compact, Algorithm algorithm) {
  UnverifiedToken token{};
  token.algorithm = algorithm;
  const std::size_t dot = compact.rfind('.');
  token.signing_input = compact.substr(0, dot);
  token.signature = base64url_decode(compact.substr(dot + 1)).value_or("");
  return token;
}

AlgorithmSet every_algorithm() {
  AlgorithmSet set;
  for (int i = 0; i < kAlgorithmCount; ++i) set.add(static_cast<Algorithm>(i));
  return set;
}

// True if the vector is a compact signature under a served algorithm, and was judged.
bool judge(const Vector& vector) {
  json::Document document;
  const auto root = document.read(vector.text, {});
  EXPECT_TRUE(root) << vector.name;
  if (!root) return false;
  const auto compact = at(*root, {"output", "compact"});
  const auto alg = at(*root, {"signing", "protected", "alg"});
  const auto key = at(*root, {"input", "key"});
  if (!compact || !alg || !key) return false;

  const auto algorithm = parse_algorithm(alg->string());
  const auto set = parse_key_set(public_key_set(*key), {});
  if (!algorithm) {
    EXPECT_FALSE(set) << vector.name << ": a symmetric key was taken";
    EXPECT_FALSE(parse_token(compact->string(), {})) << vector.name;
    return false;
  }
  EXPECT_TRUE(set) << vector.name;
  if (!set) return false;
  UnverifiedToken token = token_of(compact->string(), *algorithm);
  EXPECT_EQ(verify_signature(token, every_algorithm(), set->keys.front()), std::nullopt) << vector.name;
  for (char& byte : token.signature) {
    byte = static_cast<char>(byte ^ 1);
    EXPECT_EQ(verify_signature(token, every_algorithm(), set->keys.front()), TokenError::kBadSignature)
        << vector.name;
    byte = static_cast<char>(byte ^ 1);
  }
  return true;
}

std::filesystem::path suite() {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  return corpora == nullptr ? std::filesystem::path() : std::filesystem::path(corpora) / "jose-cookbook";
}

TEST(JoseCookbook, signatures_under_served_algorithms_verify_and_flipped_ones_do_not) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set";
  int judged = 0;
  for (const char* folder : {"jws", "curve25519"}) {
    for (const Vector& vector : read_folder(suite() / folder)) judged += judge(vector);
  }
  EXPECT_EQ(judged, 4);  // RS256, PS384, ES512, EdDSA
}

TEST(JoseCookbook, unencoded_payloads_and_encrypted_tokens_are_refused) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set";
  int refused = 0;
  for (const char* folder : {"rfc7797", "jwe"}) {
    for (const Vector& vector : read_folder(suite() / folder)) {
      json::Document document;
      const auto root = document.read(vector.text, {});
      ASSERT_TRUE(root) << vector.name;
      const auto compact = at(*root, {"output", "compact"});
      if (!compact) continue;
      EXPECT_FALSE(parse_token(compact->string(), {})) << vector.name;
      ++refused;
    }
  }
  EXPECT_GE(refused, 10);
}

}  // namespace
}  // namespace caponier::jose
