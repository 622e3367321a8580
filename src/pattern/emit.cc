#include "base/bytes.h"
#include "pattern/ast.h"

namespace caponier::pattern {
namespace {

enum class Flavour : std::uint8_t { kRe2, kPcre2 };

// RE2 and PCRE2 agree on everything written here but the names of properties.
class Emitter {
 public:
  explicit Emitter(Flavour flavour) : flavour_(flavour) {}

  void emit(const Term& term) {
    switch (term.kind) {
      case TermKind::kSet:
        return emit_set(term.set);
      case TermKind::kConcat:
        return join(term, "");
      case TermKind::kAlternate:
        out_ += "(?:";
        join(term, "|");
        out_ += ')';
        return;
      case TermKind::kGroup:
        // RE2 never needs what a group holds.
        out_ += flavour_ == Flavour::kRe2 ? "(?:" : "(";
        join(term, "");
        out_ += ')';
        return;
      case TermKind::kRepeat:
        return emit_repeat(term);
      case TermKind::kStart:
        out_ += "\\A";
        return;
      case TermKind::kEnd:
        out_ += "\\z";
        return;
      case TermKind::kWordBoundary:
        out_ += "\\b";
        return;
      case TermKind::kNotWordBoundary:
        out_ += "\\B";
        return;
      case TermKind::kLook:
        out_ += term.behind ? "(?<" : "(?";
        out_ += term.negative ? '!' : '=';
        join(term, "");
        out_ += ')';
        return;
      case TermKind::kBackReference:
        out_ += "\\g{" + std::to_string(term.group) + "}";
        return;
    }
  }

  [[nodiscard]] bool expressible() const { return expressible_; }
  std::string take() { return std::move(out_); }

 private:
  void join(const Term& term, std::string_view separator) {
    bool first = true;
    for (const TermPtr& child : term.children) {
      if (!first) out_ += separator;
      first = false;
      emit(*child);
    }
  }

  void emit_repeat(const Term& term) {
    out_ += "(?:";
    join(term, "");
    out_ += "){" + std::to_string(term.min) + ',';
    if (term.max != kUnbounded) out_ += std::to_string(term.max);
    out_ += '}';
    if (term.lazy && flavour_ == Flavour::kPcre2) out_ += '?';
  }

  void emit_code_point(char32_t c) {
    if (c < 0x80 && (is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c)))) {
      out_ += static_cast<char>(c);
      return;
    }
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string digits;
    for (auto rest = static_cast<std::uint32_t>(c); rest > 0 || digits.empty(); rest >>= 4) {
      digits.insert(digits.begin(), kDigits[rest & 15]);
    }
    out_ += "\\x{" + digits + '}';
  }

  void emit_set(const CharSet& set) {
    if (const auto only = set.single()) return emit_code_point(*only);
    if (set.ranges.empty() && set.properties.empty()) {
      // Neither engine has an empty class; the complement of everything is one.
      out_ += set.negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]";
      return;
    }
    out_ += set.negated ? "[^" : "[";
    for (const Range& range : set.ranges) {
      emit_code_point(range.low);
      if (range.high == range.low) continue;
      out_ += '-';
      emit_code_point(range.high);
    }
    for (const UnicodeProperty& property : set.properties) {
      const std::string& name = flavour_ == Flavour::kRe2 ? property.re2 : property.pcre2;
      if (name.empty()) expressible_ = false;
      out_ += property.negated ? "\\P{" : "\\p{";
      out_ += name;
      out_ += '}';
    }
    out_ += ']';
  }

  Flavour flavour_;
  std::string out_;
  bool expressible_ = true;
};

}  // namespace

std::string to_re2(const Ast& ast) {
  if (ast.needs_backtracking) return {};
  Emitter emitter(Flavour::kRe2);
  emitter.emit(*ast.root);
  // The empty pattern is written so that empty means "cannot".
  return emitter.expressible() ? "(?:" + emitter.take() + ")" : std::string();
}

std::string to_pcre2(const Ast& ast) {
  Emitter emitter(Flavour::kPcre2);
  emitter.emit(*ast.root);
  return emitter.take();
}

}  // namespace caponier::pattern
