// A document in several files, with an overlay over it, as the running gateway enforces it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

std::string with_parameter_file() {
  std::string text = kContract;
  const std::string inline_parameter = "{name: q, in: query, schema: {type: string, maxLength: 200}}";
  text.replace(text.find(inline_parameter), inline_parameter.size(), "{$ref: parameters.yaml#/q}");
  return text;
}

constexpr const char* kParameters = "q: {name: q, in: query, schema: {$ref: short.json}}\n";
constexpr const char* kShort = R"({"type": "string", "maxLength": 5})";
constexpr const char* kOverlay = R"(overlay: 1.0.0
info: {title: What the gateway adds, version: "1"}
actions:
  - {target: "$.paths['/bytes']", remove: true}
  - target: $.paths
    update:
      /added:
        get:
          x-caponier: {public: {reason: the overlay says so}}
          responses: {"200": {description: ok, content: {text/plain: {}, application/json: {}}}}
)";

TEST(Documents, other_files_and_overlays_are_enforced) {
  Upstream upstream(echoing());
  Gateway gateway(
      {.contract = with_parameter_file(),
       .upstream = upstream.url(),
       .config = "overlays: [ours.yaml]\n",
       .files = {{"parameters.yaml", kParameters}, {"short.json", kShort}, {"ours.yaml", kOverlay}}});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(request_text("GET", "/open?q=12345")).status(), 200);
  EXPECT_EQ(gateway.ask(request_text("GET", "/open?q=123456")).status(), 400);
  EXPECT_EQ(gateway.ask(request_text("GET", "/bytes")).status(), 404);
  EXPECT_EQ(gateway.ask(request_text("GET", "/added")).status(), 200);
}

constexpr const char* kPoints = R"(openapi: 3.1.0
info: {title: Points, version: "1"}
servers: [{url: /}]
paths:
  /points:
    post:
      x-caponier: {public: {reason: "for everybody"}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: "types.yaml#Point"}}}}
      responses: {"200": {description: ok, content: {application/json: {}}}}
)";
// A tuple as draft 7 writes it, behind an anchor of the dialect that the document has.
constexpr const char* kTypes = R"($defs:
  P: {$anchor: Point, type: object, required: [at], properties: {at: {$ref: "tuple.yaml"}}}
)";
constexpr const char* kTuple = R"($schema: http://json-schema.org/draft-07/schema#
type: array
items: [{type: number}, {type: number}]
additionalItems: false
)";

TEST(Documents, files_of_schemas_have_anchors_and_dialects_of_their_own) {
  Upstream upstream(echoing());
  Gateway gateway({.contract = kPoints,
                   .upstream = upstream.url(),
                   .files = {{"types.yaml", kTypes}, {"tuple.yaml", kTuple}}});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto post = [&gateway](std::string_view body) {
    return gateway.ask(request_text("POST", "/points", "Content-Type: application/json\r\n", body)).status();
  };
  EXPECT_EQ(post(R"({"at":[1,2]})"), 200);
  EXPECT_EQ(post(R"({"at":[1,2,3]})"), 400);
  EXPECT_EQ(post(R"({"at":[1,"2"]})"), 400);
}

TEST(Documents, an_anchor_where_no_schema_is_meant_is_refused_with_its_place) {
  std::string text = kContract;
  const std::string inline_parameter = "{name: q, in: query, schema: {type: string, maxLength: 200}}";
  text.replace(text.find(inline_parameter), inline_parameter.size(), "{$ref: '#q'}");
  Gateway gateway({.contract = text, .upstream = "http://127.0.0.1:1"});
  EXPECT_FALSE(gateway.ready());
  EXPECT_EQ(gateway.process().wait(), 2);
  EXPECT_THAT(gateway.process().err(),
              HasSubstr("api.yaml:11:18: error: the reference \"#q\" names an anchor, "
                        "which only schemas have"));
}

TEST(Documents, nothing_is_served_where_a_file_or_an_overlay_is_wrong) {
  Upstream upstream(echoing());
  Gateway no_file({.contract = with_parameter_file(), .upstream = upstream.url()});
  EXPECT_FALSE(no_file.ready());
  EXPECT_EQ(no_file.process().wait(), 2);
  EXPECT_THAT(no_file.process().err(),
              HasSubstr("api.yaml:11:18: error: the reference \"parameters.yaml#/q\""));
  Gateway bad_overlay({.contract = kContract,
                       .upstream = upstream.url(),
                       .config = "overlays: [ours.yaml]\n",
                       .files = {{"ours.yaml",
                                  "overlay: 1.0.0\ninfo: {title: T, version: '1'}\n"
                                  "actions: [{target: $.paths.none, remove: true}]\n"}}});
  EXPECT_FALSE(bad_overlay.ready());
  EXPECT_EQ(bad_overlay.process().wait(), 2);
  EXPECT_THAT(bad_overlay.process().err(), HasSubstr("ours.yaml:3:20: error: nothing in the document"));
}

}  // namespace
}  // namespace caponier::e2e
