// ECMA-262, section 22.2.1 (the grammar) and 22.2.1.1 (early errors), with the u flag: what is not a pattern
// is refused at the place that makes it none.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pattern/pattern.h"

namespace caponier::pattern {
namespace {

constexpr std::uint32_t kFine = 0xFFFFFFFF;

struct SyntaxCase {
  std::string pattern;
  std::uint32_t offset;  // kFine: the standard allows it
};

void expect_all(const std::vector<SyntaxCase>& cases) {
  for (const SyntaxCase& c : cases) {
    const auto error = syntax_error(c.pattern);
    EXPECT_EQ(error ? error->offset : kFine, c.offset) << c.pattern << (error ? ": " + error->message : "");
  }
}

TEST(PatternSyntax, atoms_and_quantifiers) {
  expect_all({
      {"a*b+c?d*?e+?f??", kFine},
      {"a{0}b{1,}c{2,3}d{2,3}?", kFine},
      {"a{2,2}", kFine},
      {"*", 0},
      {"+a", 0},
      {"?", 0},
      {"|*", 1},
      {"(*)", 1},
      {"(?:+)", 3},
      {"a***", 2},
      {"a+*", 2},
      {"a???", 3},
      {"a{1}{2}", 4},
      {"a{1}*", 4},
      {"{1}", 0},
      {"a{", 1},
      {"a{}", 1},
      {"a{,}", 1},
      {"a{,1}", 1},
      {"a{1", 1},
      {"a{1,", 1},
      {"a{1,2", 1},
      {"a{x}", 1},
      {"a{1x}", 1},
      {"a{ 1}", 1},
      {"a{-1}", 1},
      {"a{2,1}", 1},
      {"^*", 1},
      {"$+", 1},
      {"\\b?", 2},
      {"\\B{2}", 2},
      {"(?=a)*", 5},
      {"(?!a)?", 5},
      {"(?<=a){1}", 6},
      {"(?<!a)+", 6},
      {"a}", 1},
      {"}", 0},
      {"]", 0},
      {"a]b", 1},
      {"-_,;:!\"%&'=<>@`~ #\xC3\xA9", kFine},
  });
}

TEST(PatternSyntax, groups_and_assertions) {
  expect_all({
      {"(a)(?:b)(?=c)(?!d)(?<=e)(?<!f)(?<g>h)", kFine},
      {"()(?:)(?=)(?<=)(|)", kFine},
      {"(", 0},
      {"a(b", 1},
      {"((a)", 0},
      {")", 0},
      {"a)", 1},
      {"(a))", 3},
      {"(?", 0},
      {"(?a)", 0},
      {"(?#comment)", 0},
      {"(?>atomic)", 0},
      {"(?i)", 0},
      {"(?i:a)", 0},
      {"(?-i:a)", 0},
      {"(?P<n>a)", 0},
      {"(?|a|b)", 0},
      {"(?(1)a)", 0},
      {"(?R)", 0},
      {"(?&n)", 0},
      {"a(?'n'b)", 1},
      {"(?<n", 3},
      {"(?<>a)", 3},
      {"(?<1n>a)", 3},
      {"(?<n-m>a)", 4},
      {"(?<n m>a)", 4},
      {"(?<$_9>a)", kFine},
      {"(?<\xCF\x80>a)", kFine},  // a Greek letter
      {"(?<\\u03c0\\u{3c0}>a)\\k<\xCF\x80\xCF\x80>", kFine},
      {"(?<a\xE2\x80\x8D>a)", kFine},  // a joiner, not first
      {"(?<\xE2\x80\x8D>a)", 3},
      {"(?<\xE2\x91\xA0>a)", 3},   // a circled digit is no letter
      {"(?<a\xE2\x82\xAC>a)", 4},  // nor is the euro sign
      {"(?<\\x41>a)", 3},
      {"(?<n>a)(?<n>b)", 7},
      {"(?<n>a)|(?<n>b)", 8},
  });
}

TEST(PatternSyntax, references) {
  expect_all({
      {"(a)\\1", kFine},
      {"\\1(a)", kFine},
      {"(a)\\2", 3},
      {"\\1", 0},
      {"(?:a)\\1", 5},
      {"(a)\\11", 3},
      {"\\k<n>(?<n>a)", kFine},
      {"\\k", 0},
      {"a\\kb", 1},
      {"\\k<n", 3},
      {"\\k<>", 3},
      {"(?<n>a)\\k<m>", 7},
      {"\\k<n>", 0},
      {"(?<n>a)\\k'n'", 7},
      {"\\g{1}", 0},
      {"[\\1]", 1},
      {"[\\k]", 1},
  });
}

TEST(PatternSyntax, escapes) {
  expect_all({
      {"\\t\\n\\v\\f\\r\\0\\cA\\cz\\x41\\u0041\\u{41}\\u{10FFFF}\\u{000041}", kFine},
      {"\\^\\$\\\\\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/", kFine},
      {"\\d\\D\\s\\S\\w\\W\\b\\B", kFine},
      {"\\uD83D\\uDE00\\uD83D\\uDE00", kFine},
      {"\\uD83D", kFine},
      {"\\", 0},
      {"ab\\", 2},
      {"\\a", 0},
      {"\\e", 0},
      {"\\h", 0},
      {"\\i", 0},
      {"\\A", 0},
      {"\\z", 0},
      {"\\Z", 0},
      {"\\G", 0},
      {"\\K", 0},
      {"\\Q", 0},
      {"\\R", 0},
      {"\\X", 0},
      {"\\N", 0},
      {"\\_", 0},
      {"\\-", 0},
      {"\\ ", 0},
      {"\\\"", 0},
      {"\\:", 0},
      {"\\\xC3\xA9", 0},
      {"\\00", 0},
      {"\\01", 0},
      {"\\c", 0},
      {"\\c0", 0},
      {"\\c\xC3\xA9", 0},
      {"\\x", 0},
      {"\\x1", 0},
      {"\\x1g", 0},
      {"\\x{41}", 0},
      {"\\u", 0},
      {"\\u004", 0},
      {"\\u{", 0},
      {"\\u{}", 0},
      {"\\u{x}", 0},
      {"\\u{110000}", 0},
      {"\\u{41", 0},
      {"\\U0041", 0},
  });
}

TEST(PatternSyntax, classes) {
  expect_all({
      {"[]", kFine},
      {"[^]", kFine},
      {"[a-z]", kFine},
      {"[-a]", kFine},
      {"[a-]", kFine},
      {"[^-]", kFine},
      {"[--0]", kFine},
      {"[+--]", kFine},
      {"[a-b-c]", kFine},
      {"[\\b\\-\\]\\^\\\\]", kFine},
      {"[.*+?(){}|$/[]", kFine},
      {"[\\d\\w-]", kFine},
      {"[\\u{1F600}-\\u{1F64F}]", kFine},
      {"[[:alpha:]", kFine},
      {"[[:alpha:]]", 10},
      {"[", 0},
      {"a[b", 1},
      {"[\\]", 0},
      {"[^", 0},
      {"[z-a]", 1},
      {"[xb-a]", 2},
      {"[\\d-z]", 1},
      {"[a-\\d]", 1},
      {"[\\w-\\d]", 1},
      {"[\\p{L}-z]", 1},
      {"[\\B]", 1},
      {"[\\a]", 1},
      {"[\\c]", 1},
      {"[\\c1]", 1},
      {"[\\00]", 1},
      {"[\\_]", 1},
      {"[\\u{1F64F}-\\u{1F600}]", 1},
  });
}

TEST(PatternSyntax, unicode_properties) {
  expect_all({
      {"\\p{L}\\P{L}\\p{Lu}\\p{Letter}\\p{gc=Lu}\\p{General_Category=Uppercase_Letter}", kFine},
      {"\\p{Script=Greek}\\p{sc=Grek}\\p{Script_Extensions=Latin}\\p{scx=Deva}", kFine},
      {"\\p{Any}\\p{ASCII}\\p{Assigned}\\p{Alphabetic}\\p{Alpha}\\p{White_Space}\\p{space}\\p{Emoji}", kFine},
      {"\\p{ID_Start}\\p{IDC}\\p{XIDS}\\p{Math}\\p{Lowercase}\\p{Upper}\\p{punct}\\p{digit}\\p{cntrl}",
       kFine},
      {"[\\p{L}\\P{N}]", kFine},
      {"\\p", 0},
      {"\\pL", 0},
      {"a\\p{", 1},
      {"\\p{}", 0},
      {"\\p{L", 0},
      {"\\p{^L}", 0},
      {"\\p{ L}", 0},
      {"\\p{l}", 0},
      {"\\p{lu}", 0},
      {"\\p{LETTER}", 0},
      {"\\p{L&}", 0},
      {"\\p{Greek}", 0},
      {"\\p{IsGreek}", 0},
      {"\\p{InGreek}", 0},
      {"\\p{Script}", 0},
      {"\\p{Script=}", 0},
      {"\\p{Script=greek}", 0},
      {"\\p{Script=Elvish}", 0},
      {"\\p{scx=Elvish}", 0},
      {"\\p{script=Greek}", 0},
      {"\\p{gc=}", 0},
      {"\\p{gc=Greek}", 0},
      {"\\p{Block=Basic_Latin}", 0},
      {"\\p{Alphabetic=Y}", 0},
      {"\\p{Line_Break=AL}", 0},
      {"\\p{Other_Alphabetic}", 0},
      {"\\p{RGI_Emoji}", 0},  // of strings: the v flag only
      {"\\p{Any=L}", 0},
      {"\\p{Ascii}", 0},
      {"\\p{alphabetic}", 0},
      {"\\p{Xan}", 0},
      {"\\p{posixalnum}", 0},
  });
}

// Every property that ECMA-262 names is one that an engine knows.
TEST(PatternSyntax, every_property_of_the_standard_compiles) {
  for (const char* name : {"ASCII_Hex_Digit",
                           "Alphabetic",
                           "Bidi_Control",
                           "Bidi_Mirrored",
                           "Case_Ignorable",
                           "Cased",
                           "Changes_When_Casefolded",
                           "Changes_When_Casemapped",
                           "Changes_When_Lowercased",
                           "Changes_When_Titlecased",
                           "Changes_When_Uppercased",
                           "Dash",
                           "Default_Ignorable_Code_Point",
                           "Deprecated",
                           "Diacritic",
                           "Emoji",
                           "Emoji_Component",
                           "Emoji_Modifier",
                           "Emoji_Modifier_Base",
                           "Emoji_Presentation",
                           "Extended_Pictographic",
                           "Extender",
                           "Grapheme_Base",
                           "Grapheme_Extend",
                           "Hex_Digit",
                           "IDS_Binary_Operator",
                           "IDS_Trinary_Operator",
                           "ID_Continue",
                           "ID_Start",
                           "Ideographic",
                           "Join_Control",
                           "Logical_Order_Exception",
                           "Lowercase",
                           "Math",
                           "Noncharacter_Code_Point",
                           "Pattern_Syntax",
                           "Pattern_White_Space",
                           "Quotation_Mark",
                           "Radical",
                           "Regional_Indicator",
                           "Sentence_Terminal",
                           "Soft_Dotted",
                           "Terminal_Punctuation",
                           "Unified_Ideograph",
                           "Uppercase",
                           "Variation_Selector",
                           "White_Space",
                           "XID_Continue",
                           "XID_Start",
                           "Cased_Letter",
                           "Other",
                           "Control",
                           "Format",
                           "Unassigned",
                           "Private_Use",
                           "Surrogate",
                           "Mark",
                           "Combining_Mark",
                           "Separator",
                           "Symbol",
                           "Number",
                           "Punctuation"}) {
    for (const char letter : {'p', 'P'}) {
      const std::string pattern = std::string("^[x\\") + letter + '{' + name + "}]+$";
      const auto compiled = Pattern::compile(pattern);
      EXPECT_TRUE(compiled.ok()) << pattern << (compiled.ok() ? "" : ": " + compiled.error().message);
    }
  }
}

}  // namespace
}  // namespace caponier::pattern
