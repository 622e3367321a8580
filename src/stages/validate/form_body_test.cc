#include "stages/validate/form_body.h"

#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"
#include "stages/validate/body.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kFormContract = R"(openapi: 3.1.0
info: {title: Forms, version: '1'}
paths:
  /form:
    post: &post
      security: []
      x-caponier: {public: {reason: test}}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [a]
              properties:
                a: {type: string, maxLength: 3}
                n: {type: integer, maximum: 9}
                v: {oneOf: [{type: boolean}, {type: string, enum: ['7']}]}
                l: {type: array, items: {type: integer}, maxItems: 2}
                c: {type: array, items: {type: string}}
                d: {type: object, properties: {x: {type: integer}, y: {type: object, properties: {z: {type: boolean}}}}}
                j: {type: object, properties: {k: {type: number}}}
                r: {type: string, readOnly: true}
            encoding:
              c: {style: form, explode: false}
              d: {style: deepObject}
              j: {contentType: application/json}
      responses: {'204': {description: ok}}
  /open:
    post:
      security: []
      x-caponier: {public: {reason: test}}
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: {type: integer}}}
      responses: {'204': {description: ok}}
  /parts:
    post:
      security: []
      x-caponier: {public: {reason: test}}
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              properties:
                file: {type: string, format: binary, maxLength: 4}
                many: {type: array, maxItems: 2, items: {type: string, format: binary}}
                meta: {type: object, required: [k], properties: {k: {type: integer}}}
                text: {type: integer}
            encoding:
              file: {contentType: image/png, headers: {X-N: {required: true, schema: {type: integer, maximum: 5}}}}
      responses: {'204': {description: ok}}
)";

struct FormWorld : World {
  FormWorld() : World(text(), "upstream: http://127.0.0.1:9000\n") {}
  static std::string text() {
    std::string out(kFormContract);
    return out.replace(out.find(" &post"), 6, "");
  }
};

// "none", or the reason and the pointer that the client is told.
std::string posted(const World& world, std::string_view path, std::string_view type, std::string_view body) {
  Request request(world, "POST " + std::string(path) + " HTTP/1.1\r\nContent-Type: " + std::string(type) +
                             "\r\nTransfer-Encoding: chunked\r\n");
  const Matched matched = *match(request.exchange);
  auto decision = validate_body_head(*request.exchange.head, matched);
  if (!decision) return std::string(id(decision.denial()->reason));
  auto verdict = validate_body(request.exchange, matched, *decision, body);
  if (verdict) return "none";
  return std::string(id(verdict.denial()->reason)) + " " + verdict.denial()->public_pointer;
}

TEST(FormBody, fields_become_typed_values) {
  const FormWorld world;
  struct Case {
    std::string_view body, expected;
  };
  for (const Case& c : {
           Case{"a=abc&n=9&v=true&l=1&l=2&c=x,y&d[x]=1&d%5By%5D%5Bz%5D=true&j=%7B%22k%22%3A1.5%7D", "none"},
           Case{"a=123", "none"},  // digits are a text where a text is declared
           Case{"a=x&v=7", "none"},
           Case{"a=x&v=8", "body-invalid /v"},
           Case{"n=1", "body-invalid "},
           Case{"a=abcd", "body-invalid /a"},
           Case{"a=x&n=10", "body-invalid /n"},
           Case{"a=x&n=ten", "body-invalid "},
           Case{"a=x&a=y", "body-invalid "},
           Case{"a=x&l=1&l=2&l=3", "body-invalid /l"},
           Case{"a=x&c=x&c=y", "body-invalid "},
           Case{"a=x&d[w]=1", "body-invalid /d/w"},
           Case{"a=x&d[x]=1&d[x]=2", "body-invalid "},
           Case{"a=x&d=1", "body-invalid "},
           Case{"a=x&d[=1", "body-malformed "},
           Case{"a=x&j=%7B", "body-invalid "},
           Case{"a=x&j=%7B%22k%22:1,%22k%22:2%7D", "body-invalid "},
           Case{"a=x&j=%7B%22admin%22%3A1%7D", "body-invalid /j/admin"},
           Case{"a=x&r=1", "body-invalid /r"},
           Case{"a=x&other=1", "body-invalid /other"},
           Case{"a=x;n=1", "body-malformed "},
           Case{"a=%", "body-malformed "},
       }) {
    EXPECT_EQ(posted(world, "/form", "application/x-www-form-urlencoded", c.body), c.expected) << c.body;
  }
}

TEST(FormBody, open_forms_take_what_their_schema_says_of_the_rest_up_to_the_bound) {
  const FormWorld world;
  const char* const type = "application/x-www-form-urlencoded";
  EXPECT_EQ(posted(world, "/open", type, "x=1&y=2"), "none");
  EXPECT_EQ(posted(world, "/open", type, "x=1&y=two"), "body-invalid ");
  std::string most;
  const std::uint32_t fields = world.plan->limits.forms.fields_max;
  for (std::uint32_t i = 0; i < fields; ++i) most += "a=1&";
  EXPECT_EQ(posted(world, "/open", type, most),
            "body-invalid ");  // one name too often, and not too many fields
  EXPECT_EQ(posted(world, "/open", type, most + "a=1"), "body-malformed ");
}

std::string part(std::string_view head, std::string_view body) {
  return "--b\r\nContent-Disposition: form-data; " + std::string(head) + "\r\n\r\n" + std::string(body) +
         "\r\n";
}

TEST(FormBody, parts_are_judged_by_type_size_headers_and_schema) {
  const FormWorld world;
  const std::string file = "name=file; filename=f\r\nContent-Type: image/png\r\nX-N: 5";
  struct Case {
    std::string body;
    std::string_view expected;
  };
  for (const Case& c : {
           Case{part(file, "\xff\x01"), "none"},
           Case{part(file, "1234"), "none"},
           Case{part(file, "12345"), "body-invalid /file"},
           Case{part("name=file; filename=f\r\nContent-Type: image/png", "x"), "body-invalid /file"},
           Case{part("name=file; filename=f\r\nContent-Type: image/png\r\nX-N: 6", "x"),
                "body-invalid /file/X-N"},
           Case{part("name=file; filename=f\r\nContent-Type: text/html\r\nX-N: 5", "x"),
                "body-invalid /file"},
           Case{part(file + "\r\nX-Other: 1", "x"), "body-invalid /file"},
           Case{part("name=many", "x") + part("name=many\r\nContent-Type: multipart/mixed; boundary=c", "y"),
                "body-invalid /many"},
           Case{part("name=many\r\nContent-Type: message/rfc822", "y"), "body-invalid /many"},
           Case{part(file, "x") + part(file, "y"), "body-invalid "},
           Case{part("name=many", "x") + part("name=many", "y"), "none"},
           Case{part("name=many", "x") + part("name=many", "y") + part("name=many", "z"),
                "body-invalid /many"},
           Case{part("name=meta\r\nContent-Type: application/json", R"({"k":1})"), "none"},
           Case{part("name=meta", R"({"k":1})"), "none"},
           Case{part("name=meta\r\nContent-Type: text/html", R"({"k":1})"), "body-invalid /meta"},
           Case{part("name=meta", R"({"k":"x"})"), "body-invalid /meta/k"},
           Case{part("name=meta", R"({"k":1,"admin":1})"), "body-invalid /meta/admin"},
           Case{part("name=text", "7"), "none"},
           Case{part("name=text", "x"), "body-invalid "},
           Case{part("name=text; filename=f", "7"), "body-invalid /text"},
           Case{part("name=text\r\nContent-Type: text/plain; charset=utf-16", "7"), "body-invalid /text"},
           Case{part("name=other", "7"), "body-invalid /other"},
       }) {
    EXPECT_EQ(posted(world, "/parts", "multipart/form-data; boundary=b", c.body + "--b--"), c.expected)
        << c.body;
  }
  EXPECT_EQ(posted(world, "/parts", "multipart/form-data", "--b--"), "body-malformed ");
  EXPECT_EQ(posted(world, "/parts", "multipart/form-data; boundary=b; boundary=c", "--b--"),
            "media-type-undeclared");
}

}  // namespace
}  // namespace caponier::stages
