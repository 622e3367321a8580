#include "event/record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "json/document.h"

namespace caponier::event {
namespace {

ExchangeRecord full_record() {
  ExchangeRecord r;
  r.wall_ms = 1'769'903'999'123;
  r.request_id = "01J8Z6Q3";
  r.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  r.client_trace_id = "00f067aa0ba902b7";
  r.peer = "127.0.0.1";
  r.listener = "public";
  r.method = "GET";
  r.operation = "getOrder";
  r.path = "/customers/{customerId}/orders/{orderId}";
  r.raw_path = {"/x"};
  r.status = 403;
  r.upstream_status = 200;
  r.reason = Reason::kScopeMissing;
  r.stage = "authorize";
  r.detail = "scope orders:read";
  r.where = "openapi.yaml:12:7";
  r.issuer = "https://issuer.example";
  r.subject = {"alice"};
  r.credential = "token:0011";
  r.user_agent = {"curl/8.0"};
  r.request_body_bytes = 500;
  r.response_body_bytes = UINT64_MAX;
  r.duration_us = 812;
  r.upstream_us = 611;
  r.upstream_attempts = 2;
  r.aborted = true;
  return r;
}

template <class Record>
std::string line_of(const Record& record) {
  std::string out;
  append(out, record);
  return out;
}

// What a hostile text may never do to a log line, whatever field it came through.
void expect_one_clean_line(const std::string& line) {
  ASSERT_TRUE(line.ends_with('\n'));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  for (const char c : line.substr(0, line.size() - 1)) {
    EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << line;
  }
  EXPECT_TRUE(is_utf8(line)) << to_hex(line);
  json::Document document;
  EXPECT_TRUE(document.read(std::string_view(line).substr(0, line.size() - 1), JsonLimits{}).ok()) << line;
}

TEST(ExchangeRecord, every_field_has_its_documented_name) {
  EXPECT_EQ(
      line_of(full_record()),
      R"({"time":"2026-01-31T23:59:59.123Z","type":"exchange","request_id":"01J8Z6Q3",)"
      R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","client_trace_id":"00f067aa0ba902b7",)"
      R"("peer":"127.0.0.1","listener":"public","method":"GET","operation":"getOrder",)"
      R"("path":"/customers/{customerId}/orders/{orderId}","raw_path":"/x","status":403,"upstream_status":200,)"
      R"("reason":"scope-missing","stage":"authorize","detail":"scope orders:read",)"
      R"("where":"openapi.yaml:12:7","issuer":"https://issuer.example","subject":"alice",)"
      R"("credential":"token:0011","user_agent":"curl/8.0","request_bytes":500,)"
      R"("response_bytes":18446744073709551615,"duration_us":812,"upstream_us":611,"attempts":2,"aborted":true})"
      "\n");
  expect_one_clean_line(line_of(full_record()));
}

TEST(ExchangeRecord, what_is_empty_is_left_out) {
  EXPECT_EQ(line_of(ExchangeRecord{}), "{\"time\":\"1970-01-01T00:00:00.000Z\",\"type\":\"exchange\"}\n");
}

TEST(ExchangeRecord, a_clock_that_went_back_gives_no_negative_duration) {
  ExchangeRecord r;
  r.duration_us = -5;
  EXPECT_EQ(line_of(r).find("duration_us"), std::string::npos);
}

TEST(ConnectionRecord, every_field_has_its_documented_name) {
  ConnectionRecord r;
  r.type = "undecodable";
  r.request_id = "01J8";
  r.peer = "::1";
  r.listener = "public";
  r.status = 400;
  r.reason = Reason::kBadRequestSyntax;
  r.detail = "bare-line-feed";
  EXPECT_EQ(line_of(r),
            R"({"time":"1970-01-01T00:00:00.000Z","type":"undecodable","request_id":"01J8","peer":"::1",)"
            R"("listener":"public","status":400,"reason":"bad-request-syntax","detail":"bare-line-feed"})"
            "\n");
}

TEST(LifecycleRecord, every_field_has_its_documented_name) {
  LifecycleRecord r;
  r.what = "log-dropped";
  r.detail = "No space left on device";
  r.count = 12;
  EXPECT_EQ(line_of(r), R"({"time":"1970-01-01T00:00:00.000Z","type":"lifecycle","what":"log-dropped",)"
                        R"("detail":"No space left on device","count":12})"
                        "\n");
}

TEST(Records, lines_are_appended_after_what_is_there) {
  std::string out = "before\n";
  append(out, LifecycleRecord{});
  append(out, LifecycleRecord{});
  EXPECT_TRUE(out.starts_with("before\n{"));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3);
}

// The hostile texts that a client can place, in every text field that there is.
TEST(Attack, client_text_can_forge_neither_a_line_nor_a_terminal_sequence) {
  const std::string_view hostile[] = {
      "x\n{\"type\":\"exchange\",\"status\":200}",
      "x\r\nforged",
      "\",\"status\":200,\"x\":\"",
      "\\",
      "\\\"",
      "\x1b[2J\x1b]0;title\x07",
      "\xc2\x9b"
      "31m",  // C1 control sequence introducer
      "abc\xe2\x80\xae"
      "fdp.exe",                          // right-to-left override
      "\xe2\x81\xa6isolate\xe2\x81\xa9",  // bidirectional isolates
      "\xe2\x80\xa8line separator\xe2\x80\xa9",
      "\xff\xfe\x80 cut \xc3",
      "\x7f\x08\x08",
      std::string_view("nul\0nul", 7),
      "{\"a\":1}",
  };
  for (const std::string_view text : hostile) {
    ExchangeRecord r;
    r.request_id = r.trace_id = r.client_trace_id = r.peer = r.listener = r.method = r.operation = r.path =
        text;
    r.stage = r.detail = r.where = r.issuer = r.credential = text;
    r.raw_path = {text};
    r.subject = {text};
    r.user_agent = {text};
    const std::string line = line_of(r);
    expect_one_clean_line(line);
    EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(line.find("\xe2\x80\xa8"), std::string::npos);
    ConnectionRecord c;
    c.type = c.request_id = c.peer = c.listener = c.detail = text;
    expect_one_clean_line(line_of(c));
    LifecycleRecord l;
    l.what = l.detail = text;
    expect_one_clean_line(line_of(l));
  }
}

TEST(Attack, a_hostile_byte_is_seen_at_every_offset) {
  for (std::size_t offset = 0; offset < 40; ++offset) {
    for (const char bad : {'\n', '"', '\\', '\x1f', '\x7f', '\x80', '\xff', '\0'}) {
      ExchangeRecord r;
      const std::string agent = std::string(offset, 'a') + bad + "tail";
      r.user_agent = {agent};
      expect_one_clean_line(line_of(r));
    }
  }
}

TEST(Attack, a_token_placed_in_path_subject_or_credential_is_not_written) {
  const std::string token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
  ExchangeRecord r;
  const std::string path = "/reset/" + token + "?access_token=" + token;
  const std::string credential = "Bearer " + token;
  r.raw_path = {path};
  r.credential = credential;
  r.subject = {"alice@example.org"};
  const std::string line = line_of(r);
  EXPECT_EQ(line.find("eyJ"), std::string::npos) << line;
  EXPECT_EQ(line.find("alice"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("raw_path":"/reset/{...}")"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("subject":"{withheld}")"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("credential":"{withheld}")"), std::string::npos) << line;
}

TEST(Limits, untrusted_text_is_whole_at_the_bound_and_cut_one_past_it) {
  for (const std::size_t size : {kUntrustedBytesMax, kUntrustedBytesMax + 1}) {
    ExchangeRecord r;
    const std::string agent(size, 'a');
    r.user_agent = {agent};
    const std::string expected = "\"user_agent\":\"" + std::string(kUntrustedBytesMax, 'a') + "\"";
    EXPECT_NE(line_of(r).find(expected), std::string::npos) << size;
  }
}

TEST(Limits, our_own_text_is_whole_at_the_bound_and_cut_one_past_it) {
  for (const std::size_t size : {kTextBytesMax, kTextBytesMax + 1}) {
    ExchangeRecord r;
    const std::string detail(size, 'd');
    r.detail = detail;
    const std::string line = line_of(r);
    EXPECT_NE(line.find("\"detail\":\"" + std::string(kTextBytesMax, 'd') + "\"}"), std::string::npos)
        << size;
    expect_one_clean_line(line);
  }
}

// Texts of every length, so that the stack buffer is handed over at every point of a line.
TEST(Limits, lines_stay_whole_however_long_their_texts_are) {
  for (std::size_t size = 0; size < 1100; ++size) {
    ExchangeRecord r = full_record();
    const std::string text(size, 'x');
    r.operation = text;
    r.detail = text;
    const std::string line = line_of(r);
    ASSERT_TRUE(line.ends_with(",\"aborted\":true}\n")) << size;
    ASSERT_NE(line.find(",\"status\":403,\"upstream_status\":200,"), std::string::npos) << size;
    expect_one_clean_line(line);
  }
}

TEST(Records, a_warm_string_is_not_reallocated) {
  std::string out;
  append(out, full_record());
  out.clear();
  const char* const before = out.data();
  append(out, full_record());
  EXPECT_EQ(out.data(), before);
}

}  // namespace
}  // namespace caponier::event
