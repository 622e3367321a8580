// A browser as far as HTTP goes, and the API that it logs in to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/test_folder.h"
#include "e2e/gateway.h"
#include "e2e/openid_provider.h"
#include "e2e/upstream.h"

namespace caponier::e2e {

inline constexpr const char* kApi = R"(openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: /}]
components:
  securitySchemes:
    browser: {type: apiKey, in: cookie, name: __Host-shop}
paths:
  /orders:
    get: {operationId: listOrders, security: [{browser: []}], responses: &any {"200": {description: ok, content: {text/plain: {}}}}}
    post: {operationId: makeOrder, security: [{browser: [orders:write]}], responses: *any}
  /payment:
    get: {operationId: pay, security: [{browser: []}], x-caponier: {step_up: {acr: [gold]}}, responses: *any}
  /welcome:
    get: {operationId: welcome, security: [{}], x-caponier: {public: {reason: test}}, responses: *any}
  /events:
    get:
      operationId: events
      security: [{browser: []}]
      responses: {"200": {description: ok, content: {text/event-stream: {}}}}
)";

inline constexpr const char* kNavigation =
    "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Site: none\r\nAccept: text/html\r\n";
inline constexpr const char* kOwnPage = "Origin: https://localhost\r\nSec-Fetch-Site: same-origin\r\n";

// What a browser keeps.
class Browser {
 public:
  explicit Browser(const Gateway& gateway) : gateway_(gateway) {}

  Message send(std::string_view method, const std::string& path, std::string_view fields,
               std::string_view body = {}) {
    const Message answer =
        gateway_.ask(request_text(method, path, cookie_line() + std::string(fields), body));
    for (const auto& [name, value] : answer.headers) {
      if (!equals_ignore_case(name, "set-cookie")) continue;
      set_cookies.push_back(value);
      const std::string pair = value.substr(0, value.find(';'));
      const std::string key = pair.substr(0, pair.find('='));
      if (value.find("Max-Age=0") != std::string::npos) {
        cookies.erase(key);
      } else {
        cookies[key] = pair.substr(pair.find('=') + 1);
      }
    }
    return answer;
  }
  Message open(const std::string& path) { return send("GET", path, kNavigation); }
  Message call(const std::string& path) { return send("GET", path, kOwnPage); }
  // Follows what it is told, as far as this origin goes.
  static std::string path_of(const std::string& location) {
    constexpr std::string_view kOrigin = "https://localhost";
    return location.starts_with(kOrigin) ? location.substr(kOrigin.size()) : location;
  }
  // From a page to a session. What the callback said.
  Message log_in(Provider& provider, const std::string& page = "/orders") {
    const Message sent = open(page);
    const Message begun = open(path_of(sent.header("location")));
    const std::string code = provider.code_for(begun.header("location"));
    return open("/auth/callback?state=" + provider.state() + "&code=" + code);
  }
  [[nodiscard]] bool has_session() const { return cookies.contains("__Host-shop"); }

  std::map<std::string, std::string> cookies;
  std::vector<std::string> set_cookies;

 private:
  [[nodiscard]] std::string cookie_line() const {
    std::string line;
    for (const auto& [name, value] : cookies) line += (line.empty() ? "Cookie: " : "; ") + name + "=" + value;
    return line.empty() ? line : line + "\r\n";
  }
  const Gateway& gateway_;
};

class BrowserLogin : public testing::Test {
 protected:
  [[nodiscard]] Options options(const std::string& session = "", const std::string& more = "") {
    folder_.write("secret", kProviderSecret);
    std::filesystem::permissions(folder_.file("secret"), std::filesystem::perms::owner_read);
    return {.contract = kApi,
            .upstream = api_.url(),
            .config = "hosts: [localhost]\nissuers:\n  - issuer: \"" + provider_.url() +
                      "\"\n    audiences: [api]\n    allow_internal_addresses: true\n    client: {id: shop, "
                      "secret: 'file://" +
                      folder_.file("secret") + "'}\nsecurity_schemes:\n  browser:\n    session: {issuer: \"" +
                      provider_.url() + "\", origin: 'https://localhost', scopes: ['orders:write']" +
                      session + "}\n" + more,
            .dev = false};
  }
  void expect_no_secret_in(Gateway& gateway) {
    const std::string seen = gateway.log() + gateway.process().err() + gateway.process().out();
    for (const char* secret : {"planted-", kProviderSecret, "eyJ"})
      EXPECT_THAT(seen, testing::Not(testing::HasSubstr(secret)));
  }

  TestFolder folder_;
  Provider provider_;
  Upstream api_{echoing()};
};

}  // namespace caponier::e2e
