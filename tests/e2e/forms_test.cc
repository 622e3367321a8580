// Parameters in every style, forms, encoded bodies and judged answers, through the real binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kForms = R"(openapi: 3.1.0
info: {title: Forms, version: "1"}
servers: [{url: /}]
security: []
components:
  schemas:
    Filter:
      type: object
      properties: {state: {type: string, enum: [new, old]}, size: {type: integer, maximum: 9}}
    User:
      type: object
      required: [name]
      properties: {name: {type: string}, password: {type: string, writeOnly: true}}
paths:
  /find/{where}:
    get:
      operationId: find
      x-caponier: {public: {reason: test}}
      parameters:
        - {name: where, in: path, required: true, style: matrix, explode: true,
           schema: {type: array, items: {type: string, maxLength: 5}, maxItems: 2}}
        - {name: filter, in: query, style: deepObject, schema: {$ref: '#/components/schemas/Filter'}}
        - {name: ids, in: query, style: pipeDelimited, schema: {type: array, items: {type: integer}}}
        - {name: theme, in: cookie, schema: {type: string, enum: [light, dark]}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /login:
    post:
      operationId: login
      x-caponier: {public: {reason: test}, body_bytes_max: 100KiB}
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [user]
              properties:
                user: {type: string, maxLength: 8}
                age: {type: integer}
                scope: {type: array, items: {type: string}}
          multipart/form-data:
            schema:
              type: object
              required: [picture]
              properties:
                picture: {type: string, format: binary, maxLength: 10}
                note: {type: string, maxLength: 5}
            encoding: {picture: {contentType: image/*}}
          application/json: {schema: {type: object, properties: {user: {type: string, maxLength: 8}}}}
          text/plain: {schema: {type: string, maxLength: 5}}
      responses: {"200": {description: ok, content: {'*/*': {}}}}
  /enforced: &answers
    get:
      operationId: enforced
      x-caponier: {public: {reason: test}, response: {mode: enforce, bytes_max: 1KiB}}
      responses: &responses
        "200": &user {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}
        "206": *user
  /stripped:
    get: {operationId: stripped, x-caponier: {public: {reason: test}, response: strip}, responses: *responses}
  /reported:
    get: {operationId: reported, x-caponier: {public: {reason: test}, response: report}, responses: *responses}
  /streamed:
    get: {operationId: streamed, x-caponier: {public: {reason: test}, response: stream}, responses: *responses}
)";

std::string contract() {
  std::string text(kForms);
  return text.replace(text.find(" &answers"), 9, "");
}

class Forms : public testing::Test {
 protected:
  int status(std::string_view method, std::string_view path, std::string_view fields = {},
             std::string_view body = {}) {
    return gateway_.ask(request_text(method, path, fields, body)).status();
  }
  int post(std::string_view type, std::string_view body, std::string_view fields = {}) {
    return status("POST", "/login", "Content-Type: " + std::string(type) + "\r\n" + std::string(fields),
                  body);
  }
  // What the client gets when the upstream answers `body`.
  Message answered(std::string_view path, std::string_view body) {
    std::string text = answer_text(200, "application/json", body);
    // A script is of one connection.
    text.insert(text.find("\r\n") + 2, "Connection: close\r\n");
    upstream_.set_script(answering(text));
    return gateway_.ask(request_text("GET", path));
  }

  Upstream upstream_{answering(answer_text(200, "text/plain", "ok"))};
  Gateway gateway_{{.contract = contract(), .upstream = upstream_.url()}};
};

TEST_F(Forms, parameters_of_every_style_are_judged_and_go_on_in_one_spelling) {
  EXPECT_EQ(status("GET", "/find/;where=a%2Cb;where=%63?filter[state]=new&filter%5Bsize%5D=9&ids=1%7C2",
                   "Cookie: other=1; theme=dark; session=x\r\n"),
            200);
  const std::vector<Message> sent = upstream_.requests();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].start_line,
              HasSubstr("GET /find/;where=a%2Cb;where=c?filter%5Bstate%5D=new&filter%5Bsize%5D=9&"
                        "ids=1%7C2 "));
  EXPECT_EQ(sent[0].header("Cookie"), "theme=dark");
  for (const char* bad :
       {"/find/;where=a;where=b;where=c", "/find/;where=toolong", "/find/;other=a", "/find/plain",
        "/find/;where=a?filter[state]=gone", "/find/;where=a?filter[size]=10",
        "/find/;where=a?filter[other]=1", "/find/;where=a?filter[state]=new&filter[state]=old",
        "/find/;where=a?filter=x", "/find/;where=a?ids=1%7Cx", "/find/;where=a?ids=1&ids=2", "/login;x=1"}) {
    EXPECT_EQ(status("GET", bad), 400) << bad;
  }
  EXPECT_EQ(status("GET", "/find/;where=a", "Cookie: theme=pink\r\n"), 400);
  EXPECT_EQ(status("GET", "/find/;where=a", "Cookie: theme=dark; theme=light\r\n"), 400);
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Forms, urlencoded_bodies_are_judged_field_by_field) {
  const char* const type = "application/x-www-form-urlencoded";
  EXPECT_EQ(post(type, "user=al+ice&age=7&scope=a&scope=b"), 200);
  EXPECT_EQ(upstream_.requests().at(0).body, "user=al+ice&age=7&scope=a&scope=b");
  for (const char* bad : {"age=7", "user=much-too-long", "user=a&age=x", "user=a&admin=1", "user=a&user=b",
                          "user=a;age=7", "user=%zz", "user=a&age=7&age=8", "{\"user\":\"a\"}"}) {
    EXPECT_EQ(post(type, bad), 400) << bad;
  }
  EXPECT_EQ(post("application/x-www-form-urlencoded; charset=utf-16", "user=a"), 415);
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

std::string picture(std::string_view type, std::string_view bytes, std::string_view more = {}) {
  return "--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"p.png\"\r\nContent-Type: " +
         std::string(type) + "\r\n\r\n" + std::string(bytes) + "\r\n" + std::string(more) + "--b--\r\n";
}

TEST_F(Forms, multipart_bodies_are_judged_part_by_part) {
  const char* const type = "multipart/form-data; boundary=b";
  const auto note = [](std::string_view text, std::string_view name = "note") {
    return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
           std::string(text) + "\r\n";
  };
  EXPECT_EQ(post(type, picture("image/png", "\xff\xd8\n", note("short"))), 200);
  for (const std::string& bad :
       {picture("text/html", "x"), picture("image/png", "more than 10"),
        picture("image/png", "x", note("too long")), picture("image/png", "x", note("a") + note("b")),
        picture("image/png", "x", note("a", "admin")), picture("image/png", "x") + "trailing",
        note("a") + "--b--", std::string("--b--"), std::string("nonsense")}) {
    EXPECT_EQ(post(type, bad), 400) << bad;
  }
  EXPECT_EQ(post("multipart/form-data", picture("image/png", "x")), 400);
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Forms, text_is_judged_as_text) {
  EXPECT_EQ(post("text/plain", "short"), 200);
  EXPECT_EQ(post("text/plain", "longer"), 400);
  EXPECT_EQ(post("text/plain", "\xff"), 400);
  EXPECT_EQ(post("text/plain; charset=iso-8859-1", "a"), 415);
  EXPECT_EQ(post("text/html", "a"), 415);
}

std::string gzipped(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(Forms, encoded_bodies_are_decoded_under_a_bound_judged_and_sent_on_decoded) {
  const char* const gzip = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(post("application/json", gzipped(R"({"user":"alice"})"), gzip), 200);
  const Message sent = upstream_.requests().at(0);
  EXPECT_EQ(sent.body, R"({"user":"alice"})");
  EXPECT_FALSE(sent.has("Content-Encoding"));
  EXPECT_EQ(sent.header("Content-Length"), "16");
  EXPECT_EQ(post("application/json", gzipped(R"({"user":"alice","admin":true})"), gzip), 400);
  EXPECT_EQ(post("application/json", R"({"user":"alice"})", gzip), 400);
  EXPECT_EQ(post("application/json", gzipped("{}" + std::string(200 * 1024, ' ')), gzip), 413);
  EXPECT_EQ(post("application/json", "{}", "Content-Encoding: br\r\n"), 415);
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Forms, an_answer_that_breaks_its_schema_becomes_a_bad_gateway_that_the_log_explains) {
  const Message good = answered("/enforced", R"({"name":"a"})");
  EXPECT_EQ(good.status(), 200);
  EXPECT_EQ(good.body, R"({"name":"a"})");
  struct Case {
    std::string body;
    const char* reason;
  };
  for (const Case& c : {Case{R"({"name":"a","secret":"hunter2"})", "response-body-invalid"},
                        Case{R"({"name":"a","password":"hunter2"})", "response-body-invalid"},
                        Case{R"({"name":)", "response-body-malformed"},
                        Case{R"({"name":")" + std::string(2000, 'x') + "\"}", "response-body-too-large"}}) {
    const Message answer = answered("/enforced", c.body);
    EXPECT_EQ(answer.status(), 502) << c.body;
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
    EXPECT_THAT(answer.body, Not(HasSubstr("password")));
    Record record = gateway_.record_of(answer);
    EXPECT_EQ(record["reason"], c.reason);
    EXPECT_EQ(record["stage"], "check");
    EXPECT_NE(record["where"], "");
    EXPECT_THAT(record["detail"], Not(HasSubstr("hunter2")));
  }
}

TEST_F(Forms, a_judged_answer_in_pieces_is_judged_as_a_whole) {
  upstream_.set_script([](Peer& peer) {
    while (peer.read_request()) {
      (void)peer.send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (const char* chunk : {"5\r\n{\"nam\r\n", "5\r\ne\":\"a\r\n", "2\r\n\"}\r\n", "0\r\n\r\n"}) {
        (void)peer.send(chunk);
      }
    }
  });
  for (int i = 0; i < 2; ++i) {
    const Message answer = gateway_.ask(request_text("GET", "/enforced"));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, R"({"name":"a"})");
    EXPECT_EQ(answer.header("Content-Length"), "12");
  }
}

TEST_F(Forms, a_stripped_answer_loses_what_is_not_declared) {
  const Message answer = answered("/stripped", R"({"secret":"hunter2","name":"a","password":"x"})");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, R"({"name":"a"})");
  EXPECT_EQ(answer.header("Content-Length"), "12");
  EXPECT_EQ(answered("/stripped", R"({"secret":"hunter2"})").status(), 502);
}

TEST_F(Forms, what_is_only_reported_leaves_and_stands_in_the_log) {
  const Message answer = answered("/reported", R"({"name":"a","secret":"x"})");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, R"({"name":"a","secret":"x"})");
  Record record = gateway_.record_of(answer);
  EXPECT_EQ(record["reported.reason"], "response-body-invalid");
  EXPECT_THAT(record["reported.detail"], HasSubstr("/secret"));
  EXPECT_NE(record["reported.where"], "");
  EXPECT_EQ(record["reason"], "");
}

TEST_F(Forms, a_part_of_an_answer_cannot_be_judged_and_leaves_only_where_the_document_says_so) {
  const auto part = [this](std::string_view path) {
    std::string text = answer_text(206, "application/json", R"({"name":"a)");
    text.insert(text.find("\r\n") + 2, "Connection: close\r\nContent-Range: bytes 0-9/12\r\n");
    upstream_.set_script(answering(text));
    return gateway_.ask(request_text("GET", path, "Range: bytes=0-9\r\n"));
  };
  for (const char* const path : {"/enforced", "/stripped"}) {
    const Message refused = part(path);
    EXPECT_EQ(refused.status(), 502) << path;
    Record record = gateway_.record_of(refused);
    EXPECT_EQ(record["reason"], "response-partial");
    EXPECT_NE(record["where"], "");
  }
  const Message reported = part("/reported");
  EXPECT_EQ(reported.status(), 206);
  EXPECT_EQ(reported.body, R"({"name":"a)");
  EXPECT_EQ(gateway_.record_of(reported)["reported.reason"], "response-partial");
  const Message streamed = part("/streamed");
  EXPECT_EQ(streamed.status(), 206);
  EXPECT_EQ(streamed.header("Content-Range"), "bytes 0-9/12");
  EXPECT_EQ(streamed.body, R"({"name":"a)");
}

TEST_F(Forms, a_streamed_answer_leaves_as_it_is) {
  const Message answer = answered("/streamed", "not even JSON");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, "not even JSON");
}

TEST_F(Forms, the_upstream_is_not_asked_to_encode_what_is_to_be_judged) {
  (void)gateway_.ask(request_text("GET", "/enforced", "Accept-Encoding: gzip\r\n"));
  (void)gateway_.ask(request_text("GET", "/streamed", "Accept-Encoding: gzip\r\n"));
  const std::vector<Message> sent = upstream_.requests();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_FALSE(sent[0].has("Accept-Encoding"));
  EXPECT_TRUE(sent[1].has("Accept-Encoding"));
}

TEST_F(Forms, check_says_what_is_judged) {
  const TestFolder folder;
  const Finished check = run_caponier({"check", "--dev", "--contract", folder.write("forms.yaml", contract()),
                                       "--upstream", upstream_.url()});
  EXPECT_EQ(check.status, 1) << check.err;  // development mode is a finding
  EXPECT_THAT(check.out, HasSubstr("form closed"));
  EXPECT_THAT(check.out, HasSubstr("answers enforced"));
  EXPECT_THAT(check.out, HasSubstr("answers stripped"));
  EXPECT_THAT(check.out, HasSubstr("answers reported"));
  EXPECT_THAT(check.out, HasSubstr("[partial-response]"));
}

}  // namespace
}  // namespace caponier::e2e
