#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "pattern/backtracking.h"
#include "pattern/char_set.h"

namespace caponier::pattern {
namespace {

using Alias = std::pair<std::string_view, std::string_view>;

// General categories by their short names; ECMA-262 takes both spellings, with case.
constexpr std::array<Alias, 42> kCategories = {{
    {"C", "Other"},
    {"Cc", "Control"},
    {"Cf", "Format"},
    {"Cn", "Unassigned"},
    {"Co", "Private_Use"},
    {"Cs", "Surrogate"},
    {"L", "Letter"},
    {"LC", "Cased_Letter"},
    {"Ll", "Lowercase_Letter"},
    {"Lm", "Modifier_Letter"},
    {"Lo", "Other_Letter"},
    {"Lt", "Titlecase_Letter"},
    {"Lu", "Uppercase_Letter"},
    {"M", "Mark"},
    {"M", "Combining_Mark"},
    {"Mc", "Spacing_Mark"},
    {"Me", "Enclosing_Mark"},
    {"Mn", "Nonspacing_Mark"},
    {"N", "Number"},
    {"Nd", "Decimal_Number"},
    {"Nd", "digit"},
    {"Nl", "Letter_Number"},
    {"No", "Other_Number"},
    {"P", "Punctuation"},
    {"P", "punct"},
    {"Pc", "Connector_Punctuation"},
    {"Pd", "Dash_Punctuation"},
    {"Pe", "Close_Punctuation"},
    {"Pf", "Final_Punctuation"},
    {"Pi", "Initial_Punctuation"},
    {"Po", "Other_Punctuation"},
    {"Ps", "Open_Punctuation"},
    {"S", "Symbol"},
    {"Sc", "Currency_Symbol"},
    {"Sk", "Modifier_Symbol"},
    {"Sm", "Math_Symbol"},
    {"So", "Other_Symbol"},
    {"Z", "Separator"},
    {"Zl", "Line_Separator"},
    {"Zp", "Paragraph_Separator"},
    {"Zs", "Space_Separator"},
    {"Cc", "cntrl"},
}};

// Binary properties of ECMA-262 table 67 that PCRE2 knows, with their short names.
constexpr std::array<std::string_view, 94> kBinary = {"ASCII_Hex_Digit",
                                                      "AHex",
                                                      "Alphabetic",
                                                      "Alpha",
                                                      "Bidi_Control",
                                                      "Bidi_C",
                                                      "Bidi_Mirrored",
                                                      "Bidi_M",
                                                      "Case_Ignorable",
                                                      "CI",
                                                      "Cased",
                                                      "Changes_When_Casefolded",
                                                      "CWCF",
                                                      "Changes_When_Casemapped",
                                                      "CWCM",
                                                      "Changes_When_Lowercased",
                                                      "CWL",
                                                      "Changes_When_Titlecased",
                                                      "CWT",
                                                      "Changes_When_Uppercased",
                                                      "CWU",
                                                      "Dash",
                                                      "Default_Ignorable_Code_Point",
                                                      "DI",
                                                      "Deprecated",
                                                      "Dep",
                                                      "Diacritic",
                                                      "Dia",
                                                      "Emoji",
                                                      "Emoji_Component",
                                                      "EComp",
                                                      "Emoji_Modifier",
                                                      "EMod",
                                                      "Emoji_Modifier_Base",
                                                      "EBase",
                                                      "Emoji_Presentation",
                                                      "EPres",
                                                      "Extended_Pictographic",
                                                      "ExtPict",
                                                      "Extender",
                                                      "Ext",
                                                      "Grapheme_Base",
                                                      "Gr_Base",
                                                      "Grapheme_Extend",
                                                      "Gr_Ext",
                                                      "Hex_Digit",
                                                      "Hex",
                                                      "IDS_Binary_Operator",
                                                      "IDSB",
                                                      "IDS_Trinary_Operator",
                                                      "IDST",
                                                      "ID_Continue",
                                                      "IDC",
                                                      "ID_Start",
                                                      "IDS",
                                                      "Ideographic",
                                                      "Ideo",
                                                      "Join_Control",
                                                      "Join_C",
                                                      "Logical_Order_Exception",
                                                      "LOE",
                                                      "Lowercase",
                                                      "Lower",
                                                      "Math",
                                                      "Noncharacter_Code_Point",
                                                      "NChar",
                                                      "Pattern_Syntax",
                                                      "Pat_Syn",
                                                      "Pattern_White_Space",
                                                      "Pat_WS",
                                                      "Quotation_Mark",
                                                      "QMark",
                                                      "Radical",
                                                      "Regional_Indicator",
                                                      "RI",
                                                      "Sentence_Terminal",
                                                      "STerm",
                                                      "Soft_Dotted",
                                                      "SD",
                                                      "Terminal_Punctuation",
                                                      "Term",
                                                      "Unified_Ideograph",
                                                      "UIdeo",
                                                      "Uppercase",
                                                      "Upper",
                                                      "Variation_Selector",
                                                      "VS",
                                                      "White_Space",
                                                      "space",
                                                      "XID_Continue",
                                                      "XIDC",
                                                      "XID_Start",
                                                      "XIDS",
                                                      "Any"};

std::optional<UnicodeProperty> category(std::string_view name) {
  for (const auto& [short_name, long_name] : kCategories) {
    if (name != short_name && name != long_name) continue;
    UnicodeProperty out;
    out.pcre2 = short_name == "LC" ? "L&" : std::string(short_name);
    // RE2 leaves the unassigned code points out of C, has no Cn and no LC.
    if (short_name != "C" && short_name != "Cn" && short_name != "LC") out.re2 = short_name;
    return out;
  }
  return std::nullopt;
}

// "Old_Italic", "Ital": words of letters, each beginning with a capital. PCRE2 is lax about case; ECMA-262 is
// not.
bool is_script_spelling(std::string_view name) {
  bool at_word = true;
  for (const char c : name) {
    if (c == '_') {
      if (at_word) return false;
      at_word = true;
      continue;
    }
    if (!is_alpha(c)) return false;
    const bool capital = c >= 'A' && c <= 'Z';
    if (at_word && !capital) return false;
    at_word = false;
  }
  return !name.empty() && !at_word;
}

bool re2_knows(std::string_view name) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 probe("\\p{" + std::string(name) + "}", options);
  return probe.ok();
}

}  // namespace

bool is_group_name(std::string_view name) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '$'; };
  if (std::ranges::all_of(name, fits)) return !name.empty() && !is_digit(name.front());
  const auto identifier =
      Backtracking::compile("\\A[$_\\p{ID_Start}][$\\x{200c}\\x{200d}\\p{ID_Continue}]*\\z");
  return identifier && identifier->matches(name) == Match::kYes;
}

std::optional<UnicodeProperty> unicode_property(std::string_view body) {
  const std::size_t equals = body.find('=');
  if (equals == std::string_view::npos) {
    if (auto found = category(body)) return found;
    if (std::find(kBinary.begin(), kBinary.end(), body) == kBinary.end()) return std::nullopt;
    return UnicodeProperty{"", std::string(body), false};
  }
  const std::string_view name = body.substr(0, equals);
  const std::string_view value = body.substr(equals + 1);
  if (name == "General_Category" || name == "gc") return category(value);
  if (!is_script_spelling(value) || !Backtracking::compile("\\p{sc:" + std::string(value) + '}'))
    return std::nullopt;
  if (name == "Script" || name == "sc") {
    UnicodeProperty out{"", "sc:" + std::string(value), false};
    // Categories have names of at most two letters, so that a known longer name is a script.
    if (value.size() > 2 && value != "Any" && re2_knows(value)) out.re2 = value;
    return out;
  }
  if (name == "Script_Extensions" || name == "scx")
    return UnicodeProperty{"", "scx:" + std::string(value), false};
  return std::nullopt;
}

}  // namespace caponier::pattern
