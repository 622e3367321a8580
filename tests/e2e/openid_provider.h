// An OpenID provider for tests: it answers as the test says, and what it hands out is marked as planted.
#pragma once

#include <openssl/sha.h>

#include <atomic>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "e2e/said.h"
#include "e2e/upstream.h"
#include "jose/signing_key.h"
#include "uri/path.h"

namespace caponier::e2e {

inline constexpr const char* kProviderSecret = "planted-client-secret";  // of the client "shop"

inline std::map<std::string, std::string> parameters_of(std::string_view text) {
  std::map<std::string, std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    out[std::string(pair.substr(0, equals))] =
        uri::decode(pair.substr(std::min(equals + 1, pair.size()))).value_or("?");
  }
  return out;
}

inline std::map<std::string, std::string> query_of(const std::string& url) {
  const std::size_t at = url.find('?');
  return at == std::string::npos ? std::map<std::string, std::string>() : parameters_of(url.substr(at + 1));
}

inline std::string s256(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base64url_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

// An OpenID provider that does as it should, unless the test says otherwise.
class Provider {
 public:
  Provider() : key_(*jose::SigningKey::generate()) {
    server_.set_script([this](Peer& peer) {
      while (auto request = peer.read_request()) {
        if (!peer.send(answer(*request))) return;
      }
    });
  }
  [[nodiscard]] std::string url() const { return server_.url(); }
  Upstream& server() { return server_; }

  // What became of an authorization request: a code, for whoever logs in.
  std::string code_for(const std::string& location) {
    auto query = query_of(location);
    const std::lock_guard lock(mutex_);
    if (query.contains("request_uri")) query = pushed_.at(query.at("request_uri"));
    const std::string code = "planted-code-" + std::to_string(++codes_made_);
    codes_[code] = query;
    state_ = query["state"];
    return code;
  }
  // Of the last authorization request that was looked at.
  [[nodiscard]] std::string state() const { return state_; }
  [[nodiscard]] std::string id_token(const std::string& nonce, const std::string& more = {}) {
    return sign("\"aud\":\"shop\",\"sub\":\"" + subject.now() + "\"" + session.now() + ",\"nonce\":\"" +
                nonce + "\"" + claims.now() + more);
  }
  [[nodiscard]] std::string sign(const std::string& members) const { return sign(members, signed_before_s); }
  [[nodiscard]] std::string sign(const std::string& members, std::int64_t before_s) const {
    const std::int64_t now = std::time(nullptr) - before_s;
    return *key_.sign("{\"iss\":\"" + url() + "\",\"iat\":" + std::to_string(now) +
                      ",\"exp\":" + std::to_string(now + 300) + "," + members + "}");
  }
  [[nodiscard]] int refreshes() const { return refreshes_; }
  [[nodiscard]] int logins() const { return logins_; }  // whose code was shown

  Said subject{"alice"};
  Said session{R"(,"sid":"s-1")"};
  Said claims;    // more of them
  Said metadata;  // more of it
  std::atomic<int> access_lasts_s{300};
  std::atomic<int> signed_before_s{0};  // by how much its clock is behind
  Said lifetime_text;                   // in place of access_lasts_s
  Said wrong_nonce;
  std::atomic<bool> narrows{false};
  std::atomic<bool> refuses_refresh{false};
  std::atomic<bool> away{false};
  std::atomic<bool> slow{false};
  std::atomic<bool> go{true};

 private:
  std::string answer(const Message& request) {
    const std::string path = request.start_line.substr(request.start_line.find(' ') + 1);
    if (path.starts_with("/.well-known/")) {
      std::string text = R"({"issuer":"URL","jwks_uri":"URL/keys","authorization_endpoint":"URL/authorize",)"
                         R"("token_endpoint":"URL/token","end_session_endpoint":"URL/logout",)"
                         R"("revocation_endpoint":"URL/revoke")" +
                         metadata.now() + "}";
      for (std::size_t at = 0; (at = text.find("URL", at)) != std::string::npos;) text.replace(at, 3, url());
      return answer_text(200, "application/json", text);
    }
    if (path.starts_with("/keys")) return answer_text(200, "application/json", key_.public_key_set());
    if (away) return answer_text(500, "text/plain", "away");
    if (request.header("authorization") != "Basic " + base64_encode("shop:" + std::string(kProviderSecret)))
      return answer_text(401, "application/json", R"({"error":"invalid_client"})");
    const auto form = parameters_of(request.body);
    if (path.starts_with("/par")) return push(form);
    if (path.starts_with("/token")) return tokens(form);
    return answer_text(200, "text/plain", "");
  }
  std::string push(const std::map<std::string, std::string>& form) {
    const std::lock_guard lock(mutex_);
    const std::string name = "urn:request:" + std::to_string(pushed_.size());
    pushed_[name] = form;
    return answer_text(201, "application/json", R"({"request_uri":")" + name + R"(","expires_in":60})");
  }
  std::string tokens(const std::map<std::string, std::string>& form) {
    const std::lock_guard lock(mutex_);
    std::string nonce;
    if (form.at("grant_type").ends_with("token-exchange")) {
      return answer_text(200, "application/json",
                         R"({"token_type":"Bearer","expires_in":300,"access_token":"planted-exchange-of-)" +
                             form.at("subject_token") + "\"}");
    }
    if (form.at("grant_type") == "refresh_token") {
      ++refreshes_;
      (void)eventually([this] { return !slow || go; });
      if (refuses_refresh || form.at("refresh_token") != refresh_)
        return answer_text(400, "application/json", R"({"error":"invalid_grant"})");
    } else {
      const auto found = codes_.find(form.at("code"));
      ++logins_;
      (void)eventually([this] { return !slow || go; });
      if (found == codes_.end() || s256(form.at("code_verifier")) != found->second["code_challenge"] ||
          form.at("redirect_uri") != found->second["redirect_uri"]) {
        return answer_text(400, "application/json", R"({"error":"invalid_grant"})");
      }
      nonce = wrong_nonce.now().empty() ? found->second["nonce"] : wrong_nonce.now();
      codes_.erase(found);
    }
    refresh_ = "planted-refresh-" + std::to_string(refreshes_);
    std::string text = R"({"token_type":"Bearer","access_token":"planted-access-)" +
                       std::to_string(refreshes_) + R"(","expires_in":)" +
                       (lifetime_text.now().empty() ? std::to_string(access_lasts_s) : lifetime_text.now()) +
                       R"(,"refresh_token":")" + refresh_ + "\"";
    const bool less = narrows && nonce.empty();
    text += less ? R"(,"scope":"openid")"
                 : R"(,"scope":"openid orders:write","id_token":")" + id_token(nonce) + "\"";
    return answer_text(200, "application/json", text + "}");
  }

  jose::SigningKey key_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::string>> pushed_;
  std::map<std::string, std::map<std::string, std::string>> codes_;
  int codes_made_ = 0;
  std::atomic<int> refreshes_{0};
  std::atomic<int> logins_{0};
  std::string refresh_;
  std::string state_;
  Upstream server_{echoing()};
};

}  // namespace caponier::e2e
