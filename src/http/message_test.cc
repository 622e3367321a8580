#include "http/message.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace caponier::http {
namespace {

TEST(Method, known_methods_read_back_and_others_are_other) {
  for (int i = 0; i < static_cast<int>(Method::kOther); ++i) {
    const auto method = static_cast<Method>(i);
    EXPECT_EQ(parse_method(name(method)), method);
  }
  EXPECT_EQ(parse_method("get"), Method::kOther);
  EXPECT_EQ(parse_method(""), Method::kOther);
  EXPECT_EQ(parse_method("GETS"), Method::kOther);
}

TEST(Field, names_are_recognised_whatever_their_case) {
  const std::pair<const char*, Field> cases[] = {
      {"Host", Field::kHost},
      {"Connection", Field::kConnection},
      {"Content-Length", Field::kContentLength},
      {"Transfer-Encoding", Field::kTransferEncoding},
      {"Content-Type", Field::kContentType},
      {"Content-Encoding", Field::kContentEncoding},
      {"Expect", Field::kExpect},
      {"Authorization", Field::kAuthorization},
      {"Cookie", Field::kCookie},
      {"Set-Cookie", Field::kSetCookie},
      {"Upgrade", Field::kUpgrade},
      {"TE", Field::kTe},
      {"Trailer", Field::kTrailer},
      {"Keep-Alive", Field::kKeepAlive},
      {"Proxy-Connection", Field::kProxyConnection},
      {"Proxy-Authorization", Field::kProxyAuthorization},
      {"Proxy-Authenticate", Field::kProxyAuthenticate},
      {"Origin", Field::kOrigin},
      {"Access-Control-Request-Method", Field::kAccessControlRequestMethod},
      {"User-Agent", Field::kUserAgent},
      {"traceparent", Field::kTraceparent},
      {"tracestate", Field::kTracestate},
      {"Forwarded", Field::kForwarded},
      {"X-Forwarded-For", Field::kXForwarded},
      {"X-Forwarded-Anything", Field::kXForwarded},
      {"X_Forwarded_For", Field::kXForwarded},
      {"X-Real-IP", Field::kXForwarded},
      {"X_Real-IP", Field::kXForwarded},
      {"X-Request-ID", Field::kXRequestId},
      {"Caponier-Subject", Field::kCaponier},
      {"Caponier_Subject", Field::kCaponier},
      {"Server", Field::kServer},
      {"Via", Field::kVia},
      {"Date", Field::kDate},
      {"X-Powered-By", Field::kXPoweredBy},
      {"X-AspNet-Version", Field::kXPoweredBy},
      {"X-AspNetMvc-Version", Field::kXPoweredBy},
      {"Strict-Transport-Security", Field::kStrictTransportSecurity},
      {"WWW-Authenticate", Field::kWwwAuthenticate},
      {"Location", Field::kLocation},
      {"Accept", Field::kAccept},
      {"Cache-Control", Field::kCacheControl},
      {"RateLimit", Field::kRateLimit},
      {"RateLimit-Policy", Field::kRateLimit},
      {"X-RateLimit-Remaining", Field::kRateLimit},
      {"Retry-After", Field::kRetryAfter},
      {"X-Content-Type-Options", Field::kXContentTypeOptions},
  };
  std::vector<bool> seen(static_cast<std::size_t>(Field::kCount));
  for (const auto& [text, field] : cases) {
    std::string upper(text);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(parse_field(text), field) << text;
    EXPECT_EQ(parse_field(upper), field) << text;
    EXPECT_EQ(parse_field(lower(text)), field) << text;
    seen[static_cast<std::size_t>(field)] = true;
  }
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "field " << i << " has no case";
}

TEST(Field, names_that_only_look_like_one_are_other) {
  for (const char* text :
       {"", "H", "Hosts", "Content_Length", "Content-Lengt", "Content-Length ", "X-Forwarded", "X-Real-IP2",
        "Caponier", "Transfer\rEncoding", "X-Custom", "T", "aT", "Cont\xe5nt-Type"}) {
    EXPECT_EQ(parse_field(text), Field::kOther) << text;
  }
}

TEST(Head, find_gives_the_first_header_of_a_kind_or_nothing) {
  const Header headers[] = {
      {"A", "1", Field::kOther}, {"Host", "h", Field::kHost}, {"a", "2", Field::kOther}};
  RequestHead head;
  head.headers = headers;
  EXPECT_EQ(head.find("a")->value, "1");
  EXPECT_EQ(head.find(Field::kHost)->value, "h");
  EXPECT_EQ(head.find("b"), nullptr);
  EXPECT_EQ(head.find(Field::kCookie), nullptr);
}

TEST(ReasonPhrase, statuses_have_their_phrase) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(421), "Misdirected Request");
  EXPECT_EQ(reason_phrase(100), "Continue");
  for (int status : {0, 99, 599, 600, 65535})
    EXPECT_EQ(reason_phrase(static_cast<std::uint16_t>(status)), "");
}

}  // namespace
}  // namespace caponier::http
