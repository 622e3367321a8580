// The messages of llhttp's own test suite, strict mode: what llhttp refuses is refused, what it takes is
// taken. Where we differ, http1_llhttp.table has a line that says why; a line too many fails as well.
#include <gtest/gtest.h>

#include <cstdio>
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
  // `type`: "request" or "response".
  explicit SuiteReader(const std::string& type) : type_("\"type\":\"" + type + '"') {}
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
      strict_ = meta.find(type_) != std::string::npos && meta.find("\"pause\"") == std::string::npos;
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

  std::string type_;
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

// The same for answers, as a connection that is used again reads them: to GET, none of them asked to upgrade.
std::string decode_answers(std::string_view bytes) {
  const HttpLimits limits;
  ResponseDecoder decoder(limits);
  while (!bytes.empty()) {
    decoder.begin(Method::kGet);
    const auto head = decoder.feed(bytes);
    if (!head) return std::string(name(head.error()));
    if (*head == HeadStatus::kNeedMore) {
      const std::string ended = std::string(bytes) + (bytes.ends_with("\r\n") ? "\r\n" : "\r\n\r\n");
      decoder.begin(Method::kGet);
      const auto whole = decoder.feed(ended);
      return whole ? "" : std::string(name(whole.error()));
    }
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

// "request/method.md|Title" -> "taken" or the error with which we refuse; the reason is for readers.
using Table = std::map<std::string, std::string>;

Table read_table() {
  Table table;
  std::ifstream in(std::string(CAPONIER_SOURCE_DIR) + "/tests/conformance/http1_llhttp.table");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t title = line.find('|');
    const std::size_t outcome = line.find('|', title + 1);
    const std::size_t why = line.find('|', outcome + 1);
    EXPECT_TRUE(why != std::string::npos && why + 1 < line.size()) << "no reason: " << line;
    table[line.substr(0, outcome)] = line.substr(outcome + 1, why - outcome - 1);
  }
  return table;
}

struct Counts {
  int refused = 0;
  int taken = 0;
  int listed = 0;
};

class Http1Llhttp : public testing::Test {
 protected:
  void SetUp() override {
    const char* const corpora = std::getenv("CAPONIER_CORPORA");
    if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set";
    folder_ = std::filesystem::path(corpora) / "http1-llhttp";
    ASSERT_TRUE(std::filesystem::is_directory(folder_)) << folder_;
  }

  Counts judge(const std::string& type, std::string (*decode)(const Message&)) {
    Counts counts;
    Table unused = read_table();
    std::erase_if(unused, [&type](const auto& entry) { return !entry.first.starts_with(type); });
    const Table table = unused;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / type)) {
      for (const Message& message : SuiteReader(type).read(file.path())) {
        const std::string error = decode(message);
        const std::string ours = error.empty() ? "taken" : error;
        const std::string key = type + '/' + file.path().filename().string() + '|' + message.title;
        ++(error.empty() ? counts.taken : counts.refused);
        if (error.empty() != message.refused) continue;
        ++counts.listed;
        const auto listed = table.find(key);
        EXPECT_TRUE(listed != table.end() && listed->second == ours)
            << key << '|' << ours << '|' << (message.refused ? " llhttp refuses" : " llhttp takes") << '\n'
            << message.bytes;
        unused.erase(key);
      }
    }
    for (const auto& [key, outcome] : unused)
      ADD_FAILURE() << "listed, and not so: " << key << '|' << outcome;
    std::printf("llhttp %s: %d taken, %d refused, %d of them otherwise than by llhttp\n", type.c_str(),
                counts.taken, counts.refused, counts.listed);
    return counts;
  }

  std::filesystem::path folder_;
};

TEST_F(Http1Llhttp, requests_are_taken_and_refused_as_llhttp_does_or_as_the_table_says) {
  const Counts counts =
      judge("request", [](const Message& message) { return decode_all(with_host(message.bytes)); });
  EXPECT_GE(counts.refused, 60);
  EXPECT_GE(counts.taken, 30);
}

TEST_F(Http1Llhttp, answers_are_taken_and_refused_as_llhttp_does_or_as_the_table_says) {
  const Counts counts =
      judge("response", [](const Message& message) { return decode_answers(message.bytes); });
  EXPECT_GE(counts.refused, 30);
  EXPECT_GE(counts.taken, 20);
}

}  // namespace
}  // namespace caponier::http
