#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "pattern/ast.h"
#include "pattern/back_references.h"

namespace caponier::pattern {
namespace {

constexpr std::uint32_t kPatternBytesMax = 4096;
constexpr std::uint32_t kNestingMax = 64;
constexpr std::uint32_t kGroupsMax = 256;

// ECMA-262 section 22.2.1 with the u flag. The first error stops the parse: failed_ is looked at where loops
// turn.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Ast, PatternError> run() {
    ast_.root = disjunction();
    if (!failed_ && at_ < text_.size()) fail(at_, "this parenthesis closes no group");
    if (!failed_) resolve_references();
    if (!failed_) {
      if (auto problem = back_reference_problem(ast_)) fail(problem->offset, std::move(problem->message));
    }
    if (failed_) return Err(std::move(error_));
    return std::move(ast_);
  }

 private:
  struct NamedReference {
    Term* term;
    std::string name;
  };

  std::nullptr_t fail(std::size_t offset, std::string message) {
    if (!failed_) error_ = {static_cast<std::uint32_t>(offset), std::move(message)};
    failed_ = true;
    return nullptr;
  }

  [[nodiscard]] bool more() const { return at_ < text_.size() && !failed_; }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  [[nodiscard]] TermPtr make(TermKind kind, std::size_t offset) const {
    auto term = std::make_unique<Term>();
    term->kind = kind;
    term->offset = static_cast<std::uint32_t>(offset);
    return term;
  }

  TermPtr disjunction() {
    if (++depth_ > kNestingMax) return fail(at_, "groups nest deeper than 64 levels");
    const std::size_t start = at_;
    TermPtr first = alternative();
    if (more() && peek() == '|') {
      TermPtr all = make(TermKind::kAlternate, start);
      all->children.push_back(std::move(first));
      while (more() && take("|")) all->children.push_back(alternative());
      first = std::move(all);
    }
    --depth_;
    return failed_ ? nullptr : std::move(first);
  }

  TermPtr alternative() {
    TermPtr all = make(TermKind::kConcat, at_);
    while (more() && peek() != '|' && peek() != ')') {
      TermPtr next = term();
      if (failed_) return nullptr;
      all->children.push_back(std::move(next));
    }
    return all;
  }

  TermPtr term() {
    const std::size_t start = at_;
    bool quantifiable = true;
    TermPtr atom = assertion_or_atom(quantifiable);
    if (failed_) return nullptr;
    return quantifier(std::move(atom), quantifiable, start);
  }

  TermPtr assertion_or_atom(bool& quantifiable) {
    const std::size_t start = at_;
    quantifiable = false;
    if (take("^")) return make(TermKind::kStart, start);
    if (take("$")) return make(TermKind::kEnd, start);
    if (take("\\b")) return make(TermKind::kWordBoundary, start);
    if (take("\\B")) return make(TermKind::kNotWordBoundary, start);
    if (take("(?=")) return look(start, false, false);
    if (take("(?!")) return look(start, true, false);
    if (take("(?<=")) return look(start, false, true);
    if (take("(?<!")) return look(start, true, true);
    quantifiable = true;
    if (take("(")) return group(start);
    if (take("[")) return character_class(start);
    if (take("\\")) return atom_escape(start);
    TermPtr atom = make(TermKind::kSet, start);
    if (take(".")) {
      atom->set = dot();
      return atom;
    }
    const char c = peek();
    if (std::string_view("*+?{").find(c) != std::string_view::npos) {
      return fail(start, std::string("nothing stands before '") + c + "' that it could repeat");
    }
    if (c == ']' || c == '}') return fail(start, std::string("a lone '") + c + "' must be written \\" + c);
    const char32_t code_point = next_code_point(text_, at_);
    atom->set.add(code_point, code_point);
    return atom;
  }

  TermPtr close_group(TermPtr term, std::size_t start) {
    TermPtr inside = disjunction();
    if (failed_) return nullptr;
    if (!take(")")) return fail(start, "this group is not closed");
    term->children.push_back(std::move(inside));
    return term;
  }

  TermPtr look(std::size_t start, bool negative, bool behind) {
    TermPtr out = make(TermKind::kLook, start);
    out->negative = negative;
    out->behind = behind;
    ast_.needs_backtracking = true;
    return close_group(std::move(out), start);
  }

  TermPtr group(std::size_t start) {
    if (take("?:")) return close_group(make(TermKind::kConcat, start), start);
    std::string name;
    if (take("?<")) {
      name = group_name();
      if (failed_) return nullptr;
      if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
        return fail(start, "the group name " + name + " is used twice");
      }
    } else if (peek() == '?') {
      return fail(start,
                  "ECMA-262 knows no group that begins with (?" + std::string(text_.substr(at_ + 1, 1)));
    }
    if (names_.size() >= kGroupsMax) return fail(start, "more than 256 capturing groups");
    names_.push_back(std::move(name));
    TermPtr out = make(TermKind::kGroup, start);
    out->group = ++ast_.group_count;
    return close_group(std::move(out), start);
  }

  std::string group_name() {
    const std::size_t start = at_;
    std::string name;
    while (more() && peek() != '>') {
      const std::size_t letter = at_;
      const char32_t code_point = take("\\u") ? unicode_escape(letter) : next_code_point(text_, at_);
      append_utf8(name, code_point);
      if (!failed_ && !is_group_name(name)) {
        fail(letter, "a group name is made of letters, digits, _ and $, and does not begin with a digit");
      }
    }
    if (!failed_ && (name.empty() || !take(">"))) fail(start, "a group name is missing or not closed by '>'");
    return name;
  }

  // Digits as a number, capped: whatever is larger is refused by every engine.
  std::optional<std::uint32_t> number() {
    if (!is_digit(peek())) return std::nullopt;
    std::uint64_t value = 0;
    while (is_digit(peek())) {
      value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(peek() - '0'), kUnbounded - 1);
      ++at_;
    }
    return static_cast<std::uint32_t>(value);
  }

  TermPtr quantifier(TermPtr atom, bool quantifiable, std::size_t start) {
    std::uint32_t min = 0;
    std::uint32_t max = kUnbounded;
    const std::size_t offset = at_;
    if (take("*")) {
    } else if (take("+")) {
      min = 1;
    } else if (take("?")) {
      max = 1;
    } else if (take("{")) {
      const auto low = number();
      if (!low) return fail(offset, "a lone '{' must be written \\{; a repetition is {n}, {n,} or {n,m}");
      min = *low;
      max = min;
      if (take(",")) max = number().value_or(kUnbounded);
      if (!take("}")) return fail(offset, "this repetition is not closed; it is {n}, {n,} or {n,m}");
      if (max < min) return fail(offset, "the numbers of this repetition are out of order");
    } else {
      return atom;
    }
    if (!quantifiable) return fail(offset, "an assertion cannot be repeated");
    TermPtr out = make(TermKind::kRepeat, start);
    out->min = min;
    out->max = max;
    out->lazy = take("?");
    out->children.push_back(std::move(atom));
    return out;
  }

  TermPtr atom_escape(std::size_t start) {
    const char c = peek();
    if (c >= '1' && c <= '9') {
      TermPtr out = make(TermKind::kBackReference, start);
      out->group = *number();
      references_.push_back(out.get());
      ast_.needs_backtracking = true;
      return out;
    }
    if (take("k")) {
      if (!take("<")) return fail(start, "\\k must be followed by a group name: \\k<name>");
      TermPtr out = make(TermKind::kBackReference, start);
      named_.push_back({out.get(), group_name()});
      ast_.needs_backtracking = true;
      return out;
    }
    TermPtr out = make(TermKind::kSet, start);
    if (!set_escape(out->set, start)) {
      const char32_t code_point = character_escape(start, false);
      out->set.add(code_point, code_point);
    }
    out->set.normalise();
    return failed_ ? nullptr : std::move(out);
  }

  // \d \D \s \S \w \W \p{} \P{}: true if it was one (or failed as one).
  bool set_escape(CharSet& set, std::size_t start) {
    const char c = peek();
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos && c != '\0') {
      ++at_;
      set.add(class_escape(c));
      return true;
    }
    if (c != 'p' && c != 'P') return false;
    ++at_;
    const std::size_t close = text_.find('}', at_);
    if (!take("{") || close == std::string_view::npos) {
      fail(start, "\\p must be followed by a property in braces: \\p{L}");
      return true;
    }
    const std::string_view body = text_.substr(at_, close - at_);
    at_ = close + 1;
    property(set, body, c == 'P', start);
    return true;
  }

  void property(CharSet& set, std::string_view body, bool negated, std::size_t start) {
    if (body == "Any" || body == "ASCII" || body == "Assigned") {
      CharSet named;
      named.negated = negated;
      if (body == "Any") named.add(0, kCodePointMax);
      if (body == "ASCII") named.add(0, 0x7F);
      if (body == "Assigned") {
        named.properties.push_back({"", "Cn", !negated});
        named.negated = false;
      }
      named.normalise();
      set.add(named);
      return;
    }
    if (body == "Changes_When_NFKC_Casefolded" || body == "CWKCF") {
      fail(start, "the property " + std::string(body) + " is not supported");
      return;
    }
    auto known = unicode_property(body);
    if (!known) {
      fail(start, "there is no Unicode property of this name and spelling");
      return;
    }
    known->negated = negated;
    set.properties.push_back(std::move(*known));
  }

  std::optional<char32_t> hex(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const int digit = hex_value(peek(i));
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<char32_t>(digit);
    }
    at_ += digits;
    return value;
  }

  // After "\u".
  char32_t unicode_escape(std::size_t start) {
    if (take("{")) {
      char32_t value = 0;
      std::size_t digits = 0;
      for (; hex_value(peek()) >= 0; ++at_, ++digits) {
        value = std::min<char32_t>(value * 16 + static_cast<char32_t>(hex_value(peek())), kCodePointMax + 1);
      }
      if (digits == 0 || value > kCodePointMax || !take("}")) {
        fail(start, "\\u{...} takes the hexadecimal number of a code point");
      }
      return value;
    }
    const auto first = hex(4);
    if (!first) {
      fail(start, "\\u takes four hexadecimal digits, or a code point in braces");
      return 0;
    }
    if (*first < 0xD800 || *first > 0xDBFF || peek() != '\\' || peek(1) != 'u') return *first;
    const std::size_t before = at_;
    at_ += 2;
    const auto second = hex(4);
    if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
      return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    }
    at_ = before;
    return *first;
  }

  char32_t character_escape(std::size_t start, bool in_class) {
    if (at_ >= text_.size()) {
      fail(start, "a backslash ends the pattern");
      return 0;
    }
    const char c = text_[at_];
    static constexpr std::string_view kControls = "tnvfr";
    if (const std::size_t i = kControls.find(c); i != std::string_view::npos) {
      ++at_;
      return static_cast<char32_t>("\t\n\v\f\r"[i]);
    }
    if (c == 'c' && is_alpha(peek(1))) {
      at_ += 2;
      return static_cast<char32_t>(text_[at_ - 1] & 31);
    }
    if (c == '0' && !is_digit(peek(1))) return ++at_, char32_t{0};
    if (take("x")) {
      const auto value = hex(2);
      if (!value) fail(start, "\\x takes two hexadecimal digits");
      return value.value_or(0);
    }
    if (take("u")) return unicode_escape(start);
    if (in_class && (c == '-' || c == 'b')) return ++at_, c == 'b' ? char32_t{8} : char32_t{'-'};
    if (std::string_view("^$\\.*+?()[]{}|/").find(c) != std::string_view::npos) {
      ++at_;
      return static_cast<char32_t>(c);
    }
    std::size_t end = at_;
    next_code_point(text_, end);
    const std::string letter(text_.substr(at_, end - at_));
    fail(start, "ECMA-262 knows no escape \\" + letter +
                    (is_alpha(c) || is_digit(c) ? "" : "; write " + letter + " without the backslash"));
    return 0;
  }

  // One member of a class. True if it was a set (\d, \p{L}...), which cannot bound a range.
  bool class_atom(CharSet& set, char32_t& code_point) {
    const std::size_t start = at_;
    if (!take("\\")) {
      code_point = next_code_point(text_, at_);
      return false;
    }
    if (set_escape(set, start)) return true;
    code_point = character_escape(start, true);
    return false;
  }

  TermPtr character_class(std::size_t start) {
    TermPtr out = make(TermKind::kSet, start);
    CharSet& set = out->set;
    set.negated = take("^");
    while (more() && peek() != ']') {
      const std::size_t member = at_;
      char32_t low = 0;
      const bool low_is_set = class_atom(set, low);
      if (failed_) return nullptr;
      if (peek() != '-' || peek(1) == ']' || at_ + 1 >= text_.size()) {
        if (!low_is_set) set.add(low, low);
        continue;
      }
      ++at_;
      char32_t high = 0;
      const bool high_is_set = class_atom(set, high);
      if (failed_) return nullptr;
      if (low_is_set || high_is_set) return fail(member, "a range of a class runs between two characters");
      if (high < low) return fail(member, "the characters of this range are out of order");
      set.add(low, high);
    }
    if (!take("]")) return fail(start, "this character class is not closed");
    set.normalise();
    return out;
  }

  void resolve_references() {
    for (Term* reference : references_) {
      if (reference->group > ast_.group_count) {
        fail(reference->offset, "there is no group " + std::to_string(reference->group));
        return;
      }
    }
    for (const NamedReference& reference : named_) {
      const auto found = std::find(names_.begin(), names_.end(), reference.name);
      if (found == names_.end()) {
        fail(reference.term->offset, "there is no group named " + reference.name);
        return;
      }
      reference.term->group = static_cast<std::uint32_t>(found - names_.begin()) + 1;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  bool failed_ = false;
  PatternError error_{};
  Ast ast_;
  std::vector<std::string> names_;  // by group number; empty for those without
  std::vector<Term*> references_;
  std::vector<NamedReference> named_;
};

}  // namespace

Result<Ast, PatternError> parse(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) {
    return Err(PatternError{kPatternBytesMax, "a pattern has at most 4096 bytes"});
  }
  if (!is_utf8(pattern)) return Err(PatternError{0, "the pattern is not valid UTF-8"});
  return Parser(pattern).run();
}

}  // namespace caponier::pattern
