// What a backend could read in another way than it was judged does not reach it: bodies, cookies, paths and
// headers, through the real binary; and answers are judged whatever the document calls their type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/gateway.h"
#include "e2e/said.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kUsers = R"(openapi: 3.1.0
info: {title: Users, version: "1"}
servers: [{url: /}]
security: []
components:
  responses:
    Any:
      description: as frameworks write it
      content:
        "*/*":
          schema:
            type: object
            properties:
              id: {type: string}
              password: {anyOf: [{type: string, writeOnly: true}, {type: 'null'}]}
paths:
  /users/{id}:
    get:
      operationId: getUser
      x-caponier: {public: {reason: test}}
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: theme, in: cookie, schema: {type: string}}
        - {name: api_version, in: header, schema: {type: integer}}
      responses: {"200": {$ref: '#/components/responses/Any'}}
  /users/export:
    get:
      operationId: exportUsers
      x-caponier: {exposed: false}
      responses: {"200": {$ref: '#/components/responses/Any'}}
  /notes:
    post:
      operationId: addNote
      x-caponier: {public: {reason: test}}
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              properties:
                note: {type: string}
                file: {type: string, format: binary}
      responses: {"200": {$ref: '#/components/responses/Any'}}
)";

class TwoReadings : public testing::Test {
 protected:
  int post(const std::string& type, const std::string& body) const {
    return gateway_.ask(request_text("POST", "/notes", "Content-Type: " + type + "\r\n", body)).status();
  }
  [[nodiscard]] Message get(const std::string& path, const std::string& headers = {}) const {
    return gateway_.ask(request_text("GET", path, headers));
  }
  void answer(const std::string& type, const std::string& body) { said_ = answer_text(200, type, body); }
  Said said_{answer_text(200, "application/json", R"({"id":"7"})")};
  Upstream upstream_{[this](Peer& peer) {
    while (peer.read_request()) {
      if (!peer.send(said_.now())) return;
    }
  }};
  Gateway gateway_{{.contract = kUsers, .upstream = upstream_.url()}};
};

TEST_F(TwoReadings, of_where_a_part_ends_are_refused) {
  const std::string note = "--a\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n";
  const std::string role = "Content-Disposition: form-data; name=\"role\"\r\n\r\nadmin\r\n";
  EXPECT_EQ(post("multipart/form-data; boundary=a", note + "hello\r\n--a--\r\n"), 200);
  for (const char* before : {"hello\n", "hello\r", "hello"})
    EXPECT_EQ(post("multipart/form-data; boundary=a", note + before + "--a\r\n" + role + "--a--\r\n"), 400)
        << before;
  const std::string other = note + "\r\n--b\r\n" + role + "--b--\r\n\r\n--a--\r\n";
  for (const char* more : {"; boundary*=utf-8''b", "; boundary*0=b", "; xboundary=b", "; x=boundary; y=b"})
    EXPECT_EQ(post(std::string("multipart/form-data; boundary=a") + more, other), 415) << more;
  const std::string file = "--a\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: ";
  EXPECT_EQ(post("multipart/form-data; boundary=a", file + "image/png\r\n\r\nx\r\n--a--\r\n"), 200);
  EXPECT_EQ(
      post("multipart/form-data; boundary=a", file + "multipart/mixed; boundary=b\r\n\r\nx\r\n--a--\r\n"),
      400);
  EXPECT_EQ(upstream_.requests().size(), 2U);
}

TEST_F(TwoReadings, of_cookies_paths_and_header_names_do_not_reach_the_api) {
  EXPECT_EQ(get("/users/7", "Cookie: theme=dark\r\n").status(), 200);
  EXPECT_EQ(get("/users/7", "Cookie: theme=dark role=admin\r\n").status(), 400);
  EXPECT_EQ(get("/users/7", "Cookie: theme=\"dark\r\n").status(), 400);
  for (const char* path : {"/users/export", "/users/EXPORT", "/users/Export"})
    EXPECT_EQ(get(path).status(), 404) << path;
  EXPECT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(get("/users/7", "api_version: 1\r\napi-version: x\r\napi.version: x\r\n").status(), 200);
  EXPECT_THAT(upstream_.received(), HasSubstr("api_version: 1\r\n"));
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("api-version")));
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("api.version")));
}

TEST_F(TwoReadings, answers_of_any_type_that_are_json_are_judged) {
  EXPECT_EQ(get("/users/7").status(), 200);
  for (const char* type : {"application/json", "text/json; charset=utf-8", "application/hal+json"}) {
    answer(type, R"({"id":"7","passwordHash":"x"})");
    EXPECT_EQ(get("/users/7").status(), 502) << type;
    answer(type, R"({"id":"7","password":"x"})");
    EXPECT_EQ(get("/users/7").status(), 502) << type;
  }
  answer("text/html", "<p>7</p>");
  EXPECT_EQ(get("/users/7").body, "<p>7</p>");
}

}  // namespace
}  // namespace caponier::e2e
