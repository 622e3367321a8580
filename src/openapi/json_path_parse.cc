#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "openapi/json_path.h"

namespace caponier::openapi {
namespace {

// RFC 9535 section 2.1: integers that every implementation can compare exactly.
constexpr std::int64_t kIntegerMax = (std::int64_t{1} << 53) - 1;

bool is_name_first(char c) {
  return is_alpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0U | (code >> 6U));
  } else {
    if (code < 0x10000) {
      put(0xe0U | (code >> 12U));
    } else {
      put(0xf0U | (code >> 18U));
      put(0x80U | ((code >> 12U) & 0x3fU));
    }
    put(0x80U | ((code >> 6U) & 0x3fU));
  }
  put(0x80U | (code & 0x3fU));
}

}  // namespace

// Recursive descent. After the first error every function returns at once, and what it returns is not used.
class JsonPathParser {
 public:
  JsonPathParser(std::string_view text, const JsonPathLimits& limits) : text_(text), limits_(limits) {}

  Result<JsonPath, JsonPathError> run() {
    if (text_.size() > limits_.bytes_max)
      fail("it is longer than " + std::to_string(limits_.bytes_max) + " bytes");
    if (!error_ && peek() != '$') fail("it must begin with \"$\"");
    JsonPath path = query();
    if (!error_ && at_ != text_.size()) fail("this cannot stand here");
    if (error_) return Err(*std::move(error_));
    return path;
  }

 private:
  void fail(std::string message) {
    if (!error_) error_ = JsonPathError{at_, std::move(message)};
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(std::string_view token) {
    if (error_ || !text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(char c, const char* message) {
    if (!take(std::string_view(&c, 1))) fail(message);
  }
  bool enter() {
    if (depth_ < limits_.depth_max) {
      ++depth_;
      return true;
    }
    fail("it is nested more than " + std::to_string(limits_.depth_max) + " deep");
    return false;
  }

  // At '$' or '@'.
  JsonPath query() {
    JsonPath path;
    path.steps_max_ = limits_.steps_max;
    path.from_root_ = take("$");
    if (!path.from_root_) take("@");
    while (!error_) {
      const std::size_t before = at_;
      skip_space();
      Segment segment;
      if (take("..")) {
        segment.descendants = true;
        if (take("[")) {
          segment.selectors = bracketed();
        } else {
          segment.selectors.push_back(shorthand());
        }
      } else if (take(".")) {
        segment.selectors.push_back(shorthand());
      } else if (take("[")) {
        segment.selectors = bracketed();
      } else {
        at_ = before;
        break;
      }
      path.segments_.push_back(std::move(segment));
    }
    return path;
  }

  Selector shorthand() {
    Selector selector;
    if (take("*")) return selector;
    const std::size_t begin = at_;
    if (is_name_first(peek())) {
      while (is_name_first(peek()) || (at_ > begin && is_digit(peek()))) ++at_;
    }
    if (at_ == begin) {
      fail(
          "a name is expected; one that has other signs than letters, digits and \"_\" stands in brackets "
          "and quotes: ['x-name']");
    }
    if (peek() == '-' || peek() == '/') fail("names with this sign stand in brackets and quotes: ['x-name']");
    selector.kind = Selector::Kind::kName;
    selector.name = text_.substr(begin, at_ - begin);
    return selector;
  }

  // Behind '['.
  std::vector<Selector> bracketed() {
    std::vector<Selector> selectors;
    do {
      skip_space();
      selectors.push_back(selector());
      skip_space();
    } while (take(","));
    expect(']', "\"]\" or \",\" is expected");
    return selectors;
  }

  Selector selector() {
    Selector out;
    const char first = peek();
    if (take("*")) return out;
    if (first == '\'' || first == '"') {
      out.kind = Selector::Kind::kName;
      out.name = quoted();
    } else if (take("?")) {
      out.kind = Selector::Kind::kFilter;
      out.filter = std::make_shared<const Condition>(either());
    } else if (first == '-' || first == ':' || is_digit(first)) {
      index_or_slice(out);
    } else {
      fail("a name in quotes, a number, a slice, \"*\" or a filter is expected");
    }
    return out;
  }

  void index_or_slice(Selector& out) {
    out.kind = Selector::Kind::kIndex;
    if (peek() != ':') out.from = integer();
    out.index = out.from.value_or(0);
    skip_space();
    if (!take(":")) return;
    out.kind = Selector::Kind::kSlice;
    skip_space();
    if (peek() == '-' || is_digit(peek())) out.to = integer();
    skip_space();
    if (!take(":")) return;
    skip_space();
    if (peek() == '-' || is_digit(peek())) out.step = integer();
  }

  std::int64_t integer() {
    const std::size_t begin = at_;
    const bool negative = take("-");
    const std::size_t digits = at_;
    while (is_digit(peek())) ++at_;
    const std::string_view magnitude = text_.substr(digits, at_ - digits);
    const auto value = parse_decimal(magnitude);
    const bool leading_zero = magnitude.starts_with('0') && (magnitude.size() > 1 || negative);
    if (!value || leading_zero || *value > static_cast<std::uint64_t>(kIntegerMax)) {
      at_ = begin;
      fail("this is not an integer of JSONPath");
      return 0;
    }
    const auto number = static_cast<std::int64_t>(*value);
    return negative ? -number : number;
  }

  std::string quoted() {
    const char quote = peek();
    ++at_;
    std::string out;
    while (!error_ && at_ < text_.size() && text_[at_] != quote) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character stands in quotes");
      ++at_;
      if (c == '\\') {
        escape(out, quote);
      } else {
        out += c;
      }
    }
    expect(quote, "the closing quote is missing");
    return out;
  }

  void escape(std::string& out, char quote) {
    static constexpr std::string_view kLetters = "bfnrt/\\";
    static constexpr std::string_view kMeanings = "\b\f\n\r\t/\\";
    const char c = peek();
    ++at_;
    if (c == quote) {
      out += c;
    } else if (const std::size_t known = kLetters.find(c); known != std::string_view::npos && c != '\0') {
      out += kMeanings[known];
    } else if (c == 'u') {
      append_utf8(out, code_point());
    } else {
      fail("this escape is not known");
    }
  }

  std::uint32_t code_point() {
    const std::uint32_t first = hexadecimal();
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || !take("\\u")) fail("this escape is half of a surrogate pair");
    const std::uint32_t second = error_ ? 0 : hexadecimal();
    if (second < 0xdc00 || second > 0xdfff) fail("this escape is half of a surrogate pair");
    return error_ ? 0 : 0x10000 + ((first - 0xd800) << 10U) + (second - 0xdc00);
  }

  std::uint32_t hexadecimal() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = hex_value(peek());
      if (digit < 0) {
        fail("four hexadecimal digits are expected");
        return 0;
      }
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  Condition either() {
    return joined("||", Condition::Kind::kOr, [this] { return both(); });
  }
  Condition both() {
    return joined("&&", Condition::Kind::kAnd, [this] { return basic(); });
  }

  template <class Part>
  Condition joined(std::string_view token, Condition::Kind kind, const Part& part) {
    Condition first = part();
    skip_space();
    if (!take(token)) return first;
    Condition out;
    out.kind = kind;
    out.parts.push_back(std::move(first));
    do {
      out.parts.push_back(part());
      skip_space();
    } while (take(token));
    return out;
  }

  Condition basic() {
    skip_space();
    if (!enter()) return {};
    Condition out;
    if (take("!")) {
      out.kind = Condition::Kind::kNot;
      skip_space();
      if (!take("(")) {
        out.parts.push_back(test(true));
      } else {
        out.parts.push_back(either());
        expect(')', "\")\" is expected");
      }
    } else if (take("(")) {
      out = either();
      skip_space();
      expect(')', "\")\" is expected");
    } else {
      out = test(false);
    }
    --depth_;
    return out;
  }

  // An existence test or a comparison.
  Condition test(bool negated) {
    struct Operator {
      std::string_view token;
      Condition::Kind kind;
    };
    static constexpr Operator kOperators[] = {
        {"==", Condition::Kind::kEqual},     {"!=", Condition::Kind::kNotEqual},
        {"<=", Condition::Kind::kLessEqual}, {">=", Condition::Kind::kGreaterEqual},
        {"<", Condition::Kind::kLess},       {">", Condition::Kind::kGreater}};
    Condition out;
    const std::size_t begin = at_;
    out.left = term();
    skip_space();
    for (const Operator& candidate : kOperators) {
      if (negated || !take(candidate.token)) continue;
      out.kind = candidate.kind;
      skip_space();
      out.right = term();
      for (const Term* side : {&out.left, &out.right}) {
        if (error_ || side->kind != Term::Kind::kQuery || side->query->is_singular()) continue;
        at_ = begin;
        fail("only a query for one value can be compared");
      }
      return out;
    }
    if (!error_ && out.left.kind != Term::Kind::kQuery) {
      at_ = begin;
      fail("a comparison or a query is expected");
    }
    return out;
  }

  Term term() {
    Term out;
    const char first = peek();
    if (first == '$' || first == '@') {
      out.kind = Term::Kind::kQuery;
      out.query = nested_query();
    } else if (first == '\'' || first == '"') {
      out.kind = Term::Kind::kLiteral;
      out.literal = NodeKind::kString;
      out.text = quoted();
    } else if (first == '-' || is_digit(first)) {
      out.kind = Term::Kind::kLiteral;
      out.literal = NodeKind::kNumber;
      out.text = number();
    } else {
      word(out);
    }
    return out;
  }

  std::shared_ptr<const JsonPath> nested_query() {
    if (!enter()) return std::make_shared<const JsonPath>();
    auto out = std::make_shared<const JsonPath>(query());
    --depth_;
    return out;
  }

  std::string number() {
    const std::size_t begin = at_;
    take("-");
    const std::size_t digits = at_;
    while (is_digit(peek())) ++at_;
    if (at_ == digits || (text_[digits] == '0' && at_ > digits + 1)) fail("this is not a number");
    if (take(".") && !some_digits()) fail("digits are expected");
    if (take("e") || take("E")) {
      if (!take("-")) take("+");
      if (!some_digits()) fail("digits are expected");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool some_digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ > begin;
  }

  void word(Term& out) {
    const std::size_t begin = at_;
    while (is_alpha(peek()) || peek() == '_' || (at_ > begin && is_digit(peek()))) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    out.kind = Term::Kind::kLiteral;
    if (name == "true" || name == "false") {
      out.literal = NodeKind::kBoolean;
      out.boolean = name == "true";
    } else if (name == "null") {
      out.literal = NodeKind::kNull;
    } else if (name == "length" || name == "count" || name == "value") {
      out.kind = name == "length"  ? Term::Kind::kLength
                 : name == "count" ? Term::Kind::kCount
                                   : Term::Kind::kValue;
      argument(out);
    } else {
      at_ = begin;
      fail(name == "match" || name == "search"
               ? "the functions match and search are not supported: compare with == instead"
               : "a query, a value or one of the functions length, count and value is expected");
    }
  }

  void argument(Term& out) {
    expect('(', "\"(\" is expected");
    skip_space();
    if (peek() != '$' && peek() != '@') fail("a query is expected");
    const std::size_t begin = at_;
    out.query = nested_query();
    if (!error_ && out.kind == Term::Kind::kLength && !out.query->is_singular()) {
      at_ = begin;
      fail("length takes a query for one value");
    }
    skip_space();
    expect(')', "\")\" is expected");
  }

  std::string_view text_;
  const JsonPathLimits& limits_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::optional<JsonPathError> error_;
};

Result<JsonPath, JsonPathError> JsonPath::parse(std::string_view text, const JsonPathLimits& limits) {
  return JsonPathParser(text, limits).run();
}

bool JsonPath::is_singular() const {
  return std::all_of(segments_.begin(), segments_.end(), [](const Segment& segment) {
    return !segment.descendants && segment.selectors.size() == 1 &&
           (segment.selectors[0].kind == Selector::Kind::kName ||
            segment.selectors[0].kind == Selector::Kind::kIndex);
  });
}

}  // namespace caponier::openapi
