// The request messages of llhttp's own test suite: whatever llhttp refuses in strict mode is refused here
// too. The other way round is no duty, because a gateway is stricter than a parser.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

struct Message {
  std::string title;
  std::string bytes;
  bool refused = false;  // by llhttp
};

// Refused by llhttp, and taken here for a reason.
const std::map<std::string, std::string>& exceptions() {
  static const std::map<std::string, std::string> all = {
      {"HTTP protocol and ANNOUNCE method", "a method unknown to us is a token; routing answers it with 405"},
      {"Invalid method", "a method unknown to us is a token; routing answers it with 405"},
  };
  return all;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// One escape of the suite's notation at `at`, which is left behind it.
char read_escape(const std::string& text, std::size_t& at) {
  const char c = text[at];
  if (c == 'x' && at + 2 < text.size()) {
    const int value = hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]);
    at += 3;
    return static_cast<char>(value);
  }
  if (is_octal(c)) {
    int value = 0;
    for (int digits = 0; digits < 3 && at < text.size() && is_octal(text[at]); ++digits, ++at) {
      value = value * 8 + (text[at] - '0');
    }
    return static_cast<char>(value);
  }
  ++at;
  switch (c) {
    case 'r':
      return '\r';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'f':
      return '\f';
    default:
      return c;
  }
}

// What SOURCE.txt says about turning a code block into bytes.
std::string to_bytes(std::string block) {
  if (block.ends_with('\n')) block.pop_back();
  std::string bytes;
  for (std::size_t at = 0; at < block.size();) {
    const char c = block[at++];
    if (c == '\n') {
      bytes += "\r\n";
    } else if (c != '\\' || at == block.size()) {
      bytes += c;
    } else if (block[at] == '\n') {
      ++at;
    } else {
      bytes += read_escape(block, at);
    }
  }
  return bytes;
}

class SuiteReader {
 public:
  std::vector<Message> read(const std::filesystem::path& file) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) take(line);
    return std::move(messages_);
  }

 private:
  void take(const std::string& line) {
    if (line.starts_with("```")) {
      if (!fence_.empty()) {
        close();
      } else {
        fence_ = line.substr(3);
        block_.clear();
      }
    } else if (!fence_.empty()) {
      block_ += line + "\n";
    } else if (line.starts_with("#")) {
      title_ = line.substr(line.find_first_not_of("# "));
    } else if (line.starts_with("<!-- meta=")) {
      std::string meta = line;
      std::erase(meta, ' ');
      strict_ = meta.find("\"type\":\"request\"") != std::string::npos &&
                meta.find("\"pause\"") == std::string::npos;
    }
  }

  void close() {
    if (fence_ == "http") {
      http_ = block_;
    } else if (fence_ == "log" && strict_ && http_.find("${") == std::string::npos) {
      messages_.push_back({title_, to_bytes(http_),
                           block_.find("error code=") != std::string::npos &&
                               block_.find("reason=\"Pause on ") == std::string::npos});
    }
    fence_.clear();
  }

  std::vector<Message> messages_;
  std::string title_;
  std::string fence_;
  std::string block_;
  std::string http_;
  bool strict_ = false;
};

// Without a Host everything is refused, and nothing would be learnt.
std::string with_host(const std::string& bytes) {
  if (lower(bytes).find("\r\nhost:") != std::string::npos) return bytes;
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end == std::string::npos) return bytes;
  return bytes.substr(0, line_end) + "\r\nHost: a.example" + bytes.substr(line_end);
}

// llhttp judges fields before the head has ended; so end it.
std::string error_when_ended(std::string_view bytes) {
  const HttpLimits limits;
  RequestDecoder decoder(limits);
  decoder.begin();
  const std::string ended = std::string(bytes) + (bytes.ends_with("\r\n") ? "\r\n" : "\r\n\r\n");
  const auto head = decoder.feed(ended);
  return head ? "" : std::string(name(head.error()));
}

// The error of the first message of the stream that is refused, or "".
std::string decode_all(std::string_view bytes) {
  const HttpLimits limits;
  RequestDecoder decoder(limits);
  while (!bytes.empty()) {
    decoder.begin();
    const auto head = decoder.feed(bytes);
    if (!head) return std::string(name(head.error()));
    if (*head == HeadStatus::kNeedMore) return error_when_ended(bytes);
    BodyDecoder body(decoder.head().body, limits);
    bytes.remove_prefix(decoder.head_bytes());
    while (!body.complete()) {
      const auto piece = body.feed(bytes);
      if (!piece) return std::string(name(piece.error()));
      if (piece->consumed == 0) return "";
      bytes.remove_prefix(piece->consumed);
    }
  }
  return "";
}

TEST(Http1Llhttp, what_llhttp_refuses_is_refused) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set";
  const std::filesystem::path folder = std::filesystem::path(corpora) / "http1-llhttp" / "request";
  ASSERT_TRUE(std::filesystem::is_directory(folder)) << folder;
  int refused = 0;
  int taken = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    for (const Message& message : SuiteReader().read(file.path())) {
      const std::string error = decode_all(with_host(message.bytes));
      if (!message.refused) {
        taken += error.empty();
        continue;
      }
      ++refused;
      const bool excepted = exceptions().contains(message.title);
      EXPECT_EQ(error.empty(), excepted) << file.path().filename() << ": " << message.title << "\n"
                                         << message.bytes;
    }
  }
  EXPECT_GE(refused, 50);
  // A decoder that refuses everything would pass what is above.
  EXPECT_GE(taken, 30);
}

}  // namespace
}  // namespace caponier::http
