#include "http/media_type.h"

#include <gtest/gtest.h>

namespace caponier::http {
namespace {

TEST(MediaType, type_subtype_and_charset_are_read) {
  const auto plain = parse_media_type(" application/json\t");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->type, "application");
  EXPECT_EQ(plain->subtype, "json");
  EXPECT_EQ(plain->charset, "");
  EXPECT_EQ(parse_media_type("text/plain; charset=utf-8")->charset, "utf-8");
  EXPECT_EQ(parse_media_type("text/plain;x=\"a;b\" ; CharSet=\"UTF-8\"; ")->charset, "UTF-8");
  EXPECT_EQ(parse_media_type("text/plain;;charset=a")->charset, "a");
  EXPECT_EQ(parse_media_type("*/*")->type, "*");
}

TEST(MediaType, malformed_ones_are_refused) {
  for (const char* text : {"", "json", "/json", "application/", "application /json", "application/ json",
                           "a/b c", "a/b;", "a/b;c", "a/b; c=", "a/b; c =d", "a/b; c=\"d", "a/b; c=\"d\\\"\"",
                           "a/b, c/d", "a/b; charset=x; charset=y", "a/b; =c", "a/b;c=d e"}) {
    const bool refused = !parse_media_type(text).has_value();
    // An empty parameter is legal.
    EXPECT_EQ(refused, std::string_view(text) != "a/b;") << text;
  }
}

TEST(MediaType, parameters_that_readers_could_take_for_others_are_refused) {
  for (const char* text :
       {"multipart/form-data; boundary=a; boundary*=utf-8''b",
        "multipart/form-data; boundary*0=b; boundary=a", "multipart/form-data; xboundary=b; boundary=a",
        "multipart/form-data; boundary=a; BOUNDARYX=b", "multipart/form-data; x=boundary; y=c; boundary=a",
        "multipart/form-data; Boundary=aboundary; y=c", "multipart/form-data; boundary=\"aboundary=b\"",
        "multipart/form-data; boundary=a; x=\"boundary=b\"", "text/plain; charset*=utf-8''utf-7",
        "text/plain; xcharset=utf-7", "text/plain; a=\"charset=utf-7\""}) {
    EXPECT_FALSE(parse_media_type(text)) << text;
  }
  EXPECT_TRUE(parse_media_type("multipart/form-data; boundary=----WebKitFormBoundaryAbc"));
  EXPECT_TRUE(parse_media_type("multipart/form-data; boundary=\"boundary_.oOo._a/b+c=\""));
  EXPECT_TRUE(parse_media_type("multipart/form-data; Boundary=a; charset=UTF-8"));
  EXPECT_TRUE(parse_media_type("application/json; charset=utf-8; profile=\"https://a.example/b\""));
}

TEST(MediaType, json_is_application_json_and_every_json_suffix) {
  for (const char* text : {"application/json", "APPLICATION/JSON; charset=utf-8", "application/problem+json",
                           "application/vnd.api+JSON", "image/x+json"}) {
    EXPECT_TRUE(is_json(*parse_media_type(text))) << text;
  }
  for (const char* text : {"text/json", "application/jsonx", "application/x-json", "application/+json",
                           "application/xml", "application/json-seq"}) {
    EXPECT_FALSE(is_json(*parse_media_type(text))) << text;
  }
}

TEST(MediaType, ranges_match_case_insensitively) {
  const MediaType json = *parse_media_type("Application/Json");
  EXPECT_TRUE(matches(*parse_media_type("*/*"), json));
  EXPECT_TRUE(matches(*parse_media_type("application/*"), json));
  EXPECT_TRUE(matches(*parse_media_type("application/json"), json));
  EXPECT_FALSE(matches(*parse_media_type("text/*"), json));
  EXPECT_FALSE(matches(*parse_media_type("application/xml"), json));
  EXPECT_FALSE(matches(*parse_media_type("*/json"), json));
}

}  // namespace
}  // namespace caponier::http
