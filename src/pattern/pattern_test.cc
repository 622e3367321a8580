#include "pattern/pattern.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <thread>
#include <vector>

namespace caponier::pattern {
namespace {

struct MatchCase {
  std::string pattern;
  std::string text;
  bool matches;
  Engine engine;
};

Pattern compiled(const std::string& source) {
  auto out = Pattern::compile(source);
  if (!out) ADD_FAILURE() << source << ": " << out.error().message << " at " << out.error().offset;
  return out ? std::move(*out) : std::move(*Pattern::compile(""));
}

TEST(Pattern, an_empty_text_without_an_address_is_an_empty_text) {
  for (const char* source : {"^~*", "^a*$", "^$", "", "^[a-z]{0,3}"}) {
    const auto pattern = Pattern::compile(source);
    ASSERT_TRUE(pattern) << source;
    EXPECT_EQ(pattern->matches(std::string_view()), Match::kYes) << source;
    EXPECT_EQ(pattern->matches(""), Match::kYes) << source;
  }
}

TEST(Pattern, matches_what_ecma_262_matches_in_every_engine) {
  constexpr Engine kDirect = Engine::kDirect;
  constexpr Engine kRe2 = Engine::kRe2;
  constexpr Engine kPcre2 = Engine::kPcre2;
  const std::vector<MatchCase> cases = {
      {"", "anything", true, kDirect},
      {"b", "abc", true, kDirect},
      {"^b", "abc", false, kDirect},
      {"^ab", "abc", true, kDirect},
      {"bc$", "abc", true, kDirect},
      {"bc$", "abcd", false, kDirect},
      {"^abc$", "abc", true, kDirect},
      {"^abc$", "abc\n", false, kDirect},
      {"^ord_[0-9]{3}$", "ord_123", true, kDirect},
      {"^ord_[0-9]{3}$", "ord_12", false, kDirect},
      {"^ord_[0-9]{3}$", "ord_1234", false, kDirect},
      {"^ord_[0-9]{3}$", "orx_123", false, kDirect},
      {"^ord_[0-9]{3}$", "ord", false, kDirect},
      {"^ord_[0-9]{3}$", "ord_12\xc3\xa9", false, kDirect},
      {"^\xc3\xa9[a-z\xc3\xa9]{2,3}$",
       "\xc3\xa9"
       "a\xc3\xa9"
       "b",
       true, kDirect},
      {"^\xc3\xa9[a-z\xc3\xa9]{2,3}$",
       "\xc3\xa9"
       "a\xc3\xa9"
       "bc",
       false, kDirect},
      {"^a[^b]*$",
       "a1\xc3\xa9"
       "2\xe2\x82\xac",
       true, kDirect},
      {"^a[^b]*$",
       "a1\xc3\xa9"
       "2b",
       false, kDirect},
      {"^[a-z]{2,3}$", "ab", true, kDirect},
      {"^[a-z]{2,3}$", "a", false, kDirect},
      {"^[a-z]{2,3}$", "abcd", false, kDirect},
      {"^[a-z]{2,3}$", "ab\n", false, kDirect},
      {"^[0-9a-f]{8}-[0-9a-f]{4}$", "0123abcd-00ff", true, kDirect},
      {"^[0-9a-f]{8}-[0-9a-f]{4}$", "0123abcd-00fg", false, kDirect},
      {"^(?:[a-z])+(-)([0-9]*)$", "ab-", true, kDirect},
      {"^[A-Z]?[a-z]+", "Ab1", true, kDirect},
      {"^[A-Z]?[a-z]+", "AB1", false, kDirect},
      {"^.{1,3}$", "äöü", true, kDirect},
      {"^.{1,3}$", "äöü!", false, kDirect},
      {"^.$", "\xF0\x9F\x98\x80", true, kDirect},
      {"^.$", "\r", false, kDirect},
      {"^.$", "\xE2\x80\xA8", false, kDirect},
      {"^.$", "\xE2\x80\xA9", false, kDirect},
      {"^\\s$", "\xC2\xA0", true, kDirect},
      {"^\\s$", "\xEF\xBB\xBF", true, kDirect},
      {"^\\s$", "\xE2\x80\xA8", true, kDirect},
      {"^\\S$", "\xC2\xA0", false, kDirect},
      {"^\\d$", "\xD9\xA3", false, kDirect},  // Arabic-Indic three
      {"^\\w$", "\xC3\xA9", false, kDirect},
      {"^\\W$", "\xC3\xA9", true, kDirect},
      {"^\\u{1F600}$", "\xF0\x9F\x98\x80", true, kDirect},
      {"^\\uD83D\\uDE00$", "\xF0\x9F\x98\x80", true, kDirect},
      {"^[\\uD83D\\uDE00]$", "\xF0\x9F\x98\x80", true, kDirect},
      {"^[\\u{1F600}-\\u{1F610}]$", "\xF0\x9F\x98\x85", true, kDirect},
      {"\\uD83D", "\xF0\x9F\x98\x80", false, kRe2},
      {"^\\x41\\cA\\0\\t$", std::string("A\x01\0\t", 4), true, kDirect},
      {"^[^]$", "\n", true, kDirect},
      {"[]", "a", false, kRe2},
      {"^[\\b\\-]+$", "\b-", true, kDirect},
      {"^[a-c-]+$", "a-c", true, kDirect},
      {"^\\/\\.\\*$", "/.*", true, kDirect},
      {"^a{0,70000}$", "aaa", true, kDirect},
      {"[A-Z]{2}", "xAB", true, kRe2},
      {"^\\d+(\\.\\d{1,2})?$", "12.34", true, kRe2},
      {"^\\d+(\\.\\d{1,2})?$", "12.345", false, kRe2},
      {"^(a|b)$", "b", true, kRe2},
      {"a|^b$", "xb", false, kRe2},
      {"^(?<year>\\d{4})|x$", "2026", true, kRe2},
      {"^[a-z]+[a-z]$", "ab", true, kRe2},
      {"^\\p{L}+$", "Ünï", true, kRe2},
      {"^\\p{Letter}+$", "Ünï", true, kRe2},
      {"^\\p{gc=Uppercase_Letter}$", "A", true, kRe2},
      {"^\\p{gc=Uppercase_Letter}$", "a", false, kRe2},
      {"^\\P{L}$", "1", true, kRe2},
      {"^[^\\P{L}x]$", "y", true, kRe2},
      {"^[^\\P{L}x]$", "x", false, kRe2},
      {"^\\p{Script=Greek}+$", "αβγ", true, kRe2},
      {"^\\p{sc=Grek}+$", "αβγ", true, kPcre2},
      {"^\\p{Alphabetic}+$", "aβ", true, kPcre2},
      {"^\\p{Emoji_Presentation}$", "\xF0\x9F\x98\x80", true, kPcre2},
      {"^\\p{LC}$", "a", true, kPcre2},
      {"^\\p{Cn}$", "a", false, kPcre2},
      {"^\\p{ASCII}+$", "abc", true, kDirect},
      {"^\\p{ASCII}+$", "ä", false, kDirect},
      {"^\\P{ASCII}$", "ä", true, kDirect},
      {"^\\p{Any}$", "\n", true, kDirect},
      {"^\\p{Assigned}$", "a", true, kPcre2},
      {"\\bfoo\\b", "a foo!", true, kRe2},
      {"\\bfoo\\b", "éfoo", true, kRe2},
      {"\\Boo", "foo", true, kRe2},
      {"^(?:ab){1001}$", "ab", false, kPcre2},
      {"^(?=.*\\d)(?=.*[a-z]).{4,8}$", "abc1", true, kPcre2},
      {"^(?=.*\\d)(?=.*[a-z]).{4,8}$", "abcd", false, kPcre2},
      {"^(?!admin$)[a-z]+$", "admin", false, kPcre2},
      {"^(?!admin$)[a-z]+$", "admins", true, kPcre2},
      {"(?<=\\$)\\d+", "$5", true, kPcre2},
      {"(?<!\\$)\\b\\d+", "$5", false, kPcre2},
      {"^(a|b)\\1$", "bb", true, kPcre2},
      {"^(a|b)\\1$", "ab", false, kPcre2},
      {"^(?<q>['\"]).*\\k<q>$", "'x'", true, kPcre2},
      {"^(?<q>['\"]).*\\k<q>$", "'x\"", false, kPcre2},
      {"^(?:(a)|b)\\1$", "b", true, kPcre2},  // unset groups match the empty text
      {"^\\1(a)$", "a", true, kPcre2},
      {"^(?!.*(.)\\1)", "abca", true, kPcre2},
      {"^(?!.*(.)\\1)", "abba", false, kPcre2},
  };
  for (const MatchCase& c : cases) {
    const Pattern pattern = compiled(c.pattern);
    EXPECT_EQ(pattern.matches(c.text), c.matches ? Match::kYes : Match::kNo) << c.pattern << " on " << c.text;
    EXPECT_EQ(pattern.engine(), c.engine) << c.pattern;
  }
}

struct ErrorCase {
  std::string pattern;
  std::uint32_t offset;
  std::string words;
};

TEST(Pattern, what_the_standard_forbids_is_refused_with_its_position) {
  const std::vector<ErrorCase> cases = {
      {"*a", 0, "nothing stands before"},
      {"a**", 2, "nothing stands before"},
      {"a++", 2, "nothing stands before"},
      {"a{2", 1, "not closed"},
      {"a{,5}", 1, "lone '{'"},
      {"a{3,2}", 1, "out of order"},
      {"x]", 1, "lone ']'"},
      {"x}", 1, "lone '}'"},
      {"(a", 0, "not closed"},
      {"a)", 1, "closes no group"},
      {"[a", 0, "not closed"},
      {"[z-a]", 1, "out of order"},
      {"[\\d-z]", 1, "between two characters"},
      {"[a-\\w]", 1, "between two characters"},
      {"\\Z", 0, "no escape"},
      {"\\a", 0, "no escape"},
      {"\\@", 0, "without the backslash"},
      {"a\\", 1, "ends the pattern"},
      {"\\-", 0, "without the backslash"},
      {"(?i)a", 0, "no group"},
      {"(?>a)", 0, "no group"},
      {"(?P<n>a)", 0, "no group"},
      {"(?=a)*", 5, "assertion"},
      {"^*", 1, "assertion"},
      {"\\1", 0, "no group 1"},
      {"(a)\\2", 3, "no group 2"},
      {"\\k<n>", 0, "no group named n"},
      {"\\k", 0, "group name"},
      {"(?<1>a)", 3, "group name"},
      {"(?<n>a)(?<n>b)", 7, "twice"},
      {"\\x4", 0, "two hexadecimal"},
      {"\\u12", 0, "four hexadecimal"},
      {"\\u{110000}", 0, "code point"},
      {"\\u{}", 0, "code point"},
      {"\\00", 0, "no escape"},
      {"\\c1", 0, "no escape"},
      {"\\p", 0, "braces"},
      {"\\pL", 0, "braces"},
      {"\\p{CWKCF}", 0, "not supported"},
      {"\\p{letter}", 0, "no Unicode property"},
      {"\\p{Script=greek}", 0, "no Unicode property"},
      {"\\p{Greek}", 0, "no Unicode property"},
      {"\\p{InBasicLatin}", 0, "no Unicode property"},
      {"(?:(a)b)+\\1", 9, "inside a repetition"},
      {"(?<=(a))\\1", 8, "look-behind"},
      {"(a)(?<=\\1)", 7, "look-behind"},
      {"x(?<=a+)b", 1, "variable length"},
      {"(?<=a|bc(?:d|ef))b", 0, "variable length"},
      {"(?<!a(?=b*)|(c)\\b)d(?<=e?)", 19, "variable length"},
      {"a(?:ab){70000}", 1, "65535"},
      {"\xFF", 0, "UTF-8"},
  };
  for (const ErrorCase& c : cases) {
    const auto out = Pattern::compile(c.pattern);
    ASSERT_FALSE(out.ok()) << c.pattern;
    EXPECT_EQ(out.error().offset, c.offset) << c.pattern << ": " << out.error().message;
    EXPECT_NE(out.error().message.find(c.words), std::string::npos)
        << c.pattern << ": " << out.error().message;
  }
}

TEST(Pattern, length_and_nesting_are_bounded) {
  EXPECT_TRUE(Pattern::compile(std::string(4096, 'a')).ok());
  EXPECT_FALSE(Pattern::compile(std::string(4097, 'a')).ok());
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a|b" + std::string(depth, ')');
  };
  EXPECT_TRUE(Pattern::compile(nested(63)).ok());
  EXPECT_FALSE(Pattern::compile(nested(64)).ok());
  const auto groups = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += "(a)";
    return out;
  };
  EXPECT_TRUE(Pattern::compile(groups(256)).ok());
  EXPECT_FALSE(Pattern::compile(groups(257)).ok());
}

TEST(Pattern, catastrophic_backtracking_ends_in_a_limit_not_in_a_yes) {
  const Pattern anchored = compiled("^(?=(a+)+$)");
  EXPECT_EQ(anchored.matches(std::string(40, 'a') + "!"), Match::kLimit);
  const Pattern search = compiled("(?=(x+x+)+y)z");
  EXPECT_NE(search.matches(std::string(5000, 'x')), Match::kYes);
}

// Patterns known for what they do to backtracking engines, on texts that bring it out, long and longer.
TEST(Pattern, no_pattern_takes_long_on_any_text) {
  const std::vector<std::string> patterns = {
      "^(a+)+$",          "^(a|aa)+$",     "^(a|a?)+$",    "(.*)*x$",          "^(([a-z])+.)+[A-Z]([a-z])+$",
      "^(\\w+\\s?)*$",    "(x+x+)+y",      "^(.*?,){11}P", "^(?=(a+)+$)",      "^(?=(?:a|aa)+$)b",
      "(?=.*.*.*x)b",     "^(?!.*(.)\\1)", "(?=(.*)*x)",   "^(.*)(.*)\\1\\2x", "(?=a*a*a*a*b)",
      "(?<=a)(?!.*b).*c",
  };
  for (const std::string& source : patterns) {
    const Pattern pattern = compiled(source);
    for (const std::size_t length : {30U, 5'000U, 200'000U}) {
      for (const char* tail : {"", "!", "x", "b"}) {
        const std::string text = std::string(length, 'a') + tail;
        const std::clock_t start = std::clock();
        const Match found = pattern.matches(text);
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        EXPECT_LT(seconds, 0.5) << source << " on " << length << " letters and " << tail;
        // What is linear needs no limit.
        if (pattern.engine() != Engine::kPcre2) {
          EXPECT_NE(found, Match::kLimit) << source;
        }
      }
    }
  }
}

TEST(Pattern, one_pattern_serves_many_threads) {
  const Pattern pattern = compiled("^(?!admin$)[a-z]+$");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pattern] {
      for (int j = 0; j < 1000; ++j) {
        EXPECT_EQ(pattern.matches("user"), Match::kYes);
        EXPECT_EQ(pattern.matches("admin"), Match::kNo);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Pattern, syntax_error_says_only_whether_it_is_a_pattern) {
  EXPECT_FALSE(syntax_error("^a+$").has_value());
  EXPECT_TRUE(syntax_error("a**").has_value());
}

}  // namespace
}  // namespace caponier::pattern
