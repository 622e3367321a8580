// A parameter or a form field of a schema and a style that the input's first bytes choose, in a small API of
// its own, and any text for it. Whatever the text, judging it ends; what is passed on is judged alike and
// stays as it is; and where one type alone is allowed, the value, written anew, is read as the same value.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "config/config.h"
#include "json/write.h"
#include "openapi/contract.h"
#include "plan/plan.h"
#include "stages/exchange.h"
#include "stages/validate/form_body.h"
#include "stages/validate/parameters.h"
#include "uri/path.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier;
using json::Kind;

constexpr std::array<std::string_view, 10> kScalars = {
    R"({"type":"string"})",
    R"({"type":"integer"})",
    R"({"type":"number","minimum":-5})",
    R"({"type":"boolean"})",
    R"({"type":"string","maxLength":3})",
    R"({"enum":["a","b,c","d e","1"]})",
    R"({"type":"string","pattern":"^[a-z|]*$"})",
    R"({"type":["integer","string"]})",
    R"({"type":["boolean","number"]})",
    R"({"anyOf":[{"type":"integer"},{"type":"string","maxLength":2}]})",
};
// More than one type: what a text means depends on how it is written.
constexpr std::size_t kUnionsFrom = 7;

enum class Form : std::uint8_t { kQuery, kHeader, kCookie, kBody };
struct Way {
  Form form;
  std::string_view members;  // of the parameter, or of the field's encoding
  char delimiter = 0;        // between the parts of one text
  bool explode = false;
};
constexpr std::array kWays = {
    Way{Form::kQuery, R"("style":"form","explode":true)", 0, true},
    Way{Form::kQuery, R"("style":"form","explode":false)", ','},
    Way{Form::kQuery, R"("style":"spaceDelimited","explode":false)", ' '},
    Way{Form::kQuery, R"("style":"pipeDelimited","explode":false)", '|'},
    Way{Form::kQuery, R"("style":"deepObject","explode":true)", 0, true},
    Way{Form::kQuery, R"("style":"form","explode":true,"allowReserved":true)", 0, true},
    Way{Form::kHeader, R"("style":"simple","explode":false)", ','},
    Way{Form::kHeader, R"("style":"simple","explode":true)", ',', true},
    Way{Form::kCookie, R"("style":"form","explode":true)", 0, true},
    Way{Form::kCookie, R"("style":"form","explode":false)", ','},
    Way{Form::kQuery, "json"},
    Way{Form::kBody, R"("style":"form","explode":true)", 0, true},
    Way{Form::kBody, R"("style":"form","explode":false)", ','},
    Way{Form::kBody, R"("style":"pipeDelimited","explode":false)", '|'},
    Way{Form::kBody, R"("style":"deepObject","explode":true)", 0, true},
};

struct Subject {
  std::shared_ptr<const plan::Plan> plan;  // null: this style has no form for this schema
  const Way* way = nullptr;
  bool one_type = false;

  [[nodiscard]] const plan::Operation& operation() const { return plan->operations.front(); }
};

std::string schema_of(unsigned container, std::size_t first, std::size_t second) {
  const std::string a(kScalars[first]);
  const std::string b(kScalars[second]);
  switch (container) {
    case 0:
      return a;
    case 1:
      return R"({"type":"array","maxItems":4,"items":)" + a + '}';
    case 2:
      return R"({"type":"object","properties":{"a":)" + a + R"(,"b":)" + b + "}}";
    default:
      return R"({"type":"object","properties":{"a":)" + a + R"(},"additionalProperties":)" + b + '}';
  }
}

std::string document_of(const Way& way, const std::string& schema) {
  std::string what;
  if (way.form == Form::kBody) {
    what =
        R"("requestBody":{"required":true,"content":{"application/x-www-form-urlencoded":{"schema":{"type":"object",)"
        R"("required":["p"],"properties":{"p":)" +
        schema + R"(}},"encoding":{"p":{)" + std::string(way.members) + "}}}}},";
  } else {
    const char* const in = way.form == Form::kQuery    ? "query"
                           : way.form == Form::kHeader ? "header"
                                                       : "cookie";
    const std::string shape = way.members == "json"
                                  ? R"("content":{"application/json":{"schema":)" + schema + "}}"
                                  : std::string(way.members) + R"(,"schema":)" + schema;
    what = R"("parameters":[{"name":"p","required":true,"in":")" + std::string(in) + "\"," + shape + "}],";
  }
  return R"({"openapi":"3.1.0","info":{"title":"T","version":"1"},"servers":[{"url":"/"}],"paths":{"/":{"post":{)"
         R"("x-caponier":{"public":{"reason":"r"}},)" +
         what + R"("responses":{"200":{"description":"ok"}}}}}})";
}

Subject compile(const std::array<std::uint8_t, 3>& choice) {
  Subject subject;
  subject.way = &kWays[choice[0] % kWays.size()];
  const std::size_t first = choice[1] % kScalars.size();
  const std::size_t second = choice[2] / 4 % kScalars.size();
  const unsigned container = choice[2] % 4;
  subject.one_type = first < kUnionsFrom && (container < 2 || second < kUnionsFrom);
  Diagnostics diagnostics;
  const auto contract = openapi::load_contract(document_of(*subject.way, schema_of(container, first, second)),
                                               "api.json", diagnostics);
  const auto config = config::read_config("upstream: http://127.0.0.1:9000\n", "caponier.yaml", diagnostics);
  plan::CompileInput input;
  input.contract = contract.get();
  input.config = config.get();
  subject.plan = plan::compile_plan(input, diagnostics);
  return subject;
}

const Subject& subject_of(const std::uint8_t* data) {
  static std::map<std::array<std::uint8_t, 3>, Subject> known;
  const unsigned container = data[2] % 4;
  const auto second = container < 2 ? 0 : data[2] / 4 % kScalars.size();  // of one member there is none
  const std::array<std::uint8_t, 3> choice = {static_cast<std::uint8_t>(data[0] % kWays.size()),
                                              static_cast<std::uint8_t>(data[1] % kScalars.size()),
                                              static_cast<std::uint8_t>(container + 4 * second)};
  const auto [subject, is_new] = known.try_emplace(choice);
  if (is_new) subject->second = compile(choice);
  return subject->second;
}

void append_json(std::string& out, json::Value value) {
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kBoolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::kNumber:
      out += value.number_text();
      return;
    case Kind::kString:
      return json::append_string(out, value.string());
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  const bool object = value.is(Kind::kObject);
  out += object ? '{' : '[';
  json::Value child = value.first_child();
  for (std::uint32_t i = 0; i < value.size() * (object ? 2 : 1); ++i, child = child.next_sibling()) {
    if (i > 0) out += object && i % 2 == 1 ? ':' : ',';
    append_json(out, child);
  }
  out += object ? '}' : ']';
}

struct Judged {
  bool allowed = false;
  std::string passed_on;
  std::string value;  // JSON
};

Judged judge(const Subject& subject, std::string_view text) {
  stages::Exchange exchange;
  http::RequestHead head;
  const http::Header header = subject.way->form == Form::kHeader
                                  ? http::Header{"p", text}
                                  : http::Header{"Cookie", text, http::Field::kCookie};
  if (subject.way->form == Form::kQuery) head.query = text;
  if (subject.way->form == Form::kHeader || subject.way->form == Form::kCookie) head.headers = {&header, 1};
  exchange.plan = subject.plan;
  exchange.head = &head;
  Judged judged;
  if (subject.way->form == Form::kBody) {
    judged.allowed = !stages::judge_form(exchange, subject.operation().bodies.front(), text, {});
    judged.passed_on = text;
    if (judged.allowed) append_json(judged.value, *exchange.body_document.root().find("p"));
    return judged;
  }
  stages::Matched matched;
  matched.operation = &subject.operation();
  auto verdict = stages::validate_parameters(exchange, matched);
  if (!verdict) return judged;
  judged.allowed = true;
  judged.passed_on = text;
  if (subject.way->form == Form::kQuery) judged.passed_on = verdict->canonical_query;
  if (subject.way->form == Form::kCookie) judged.passed_on = verdict->cookies;
  append_json(judged.value, exchange.parameter_document.root());
  return judged;
}

// Values as texts, written as OpenAPI's styles have it.
class Encoder {
 public:
  explicit Encoder(const Way& way) : way_(way) {}

  std::string encode(json::Value value) {
    if (!value.is(Kind::kArray) && !value.is(Kind::kObject)) return name() + scalar(value);
    std::string out;
    const bool object = value.is(Kind::kObject);
    const bool pairs = way_.explode && way_.form != Form::kHeader;
    json::Value child = value.first_child();
    for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) {
      std::string key;
      if (object) {
        key = escaped(child.string());
        child = child.next_sibling();
      }
      if (i > 0) out += pairs ? way_.form == Form::kCookie ? "; " : "&" : delimiter();
      if (!object) {
        out += (pairs ? name() : "") + scalar(child);
      } else if (way_.members.find("deepObject") != std::string_view::npos) {
        out += "p%5B" + key + "%5D=" + scalar(child);
      } else {
        out += key + (way_.explode ? "=" : delimiter()) + scalar(child);
      }
    }
    return pairs ? out : name() + out;
  }

 private:
  [[nodiscard]] std::string name() const { return way_.form == Form::kHeader ? "" : "p="; }
  [[nodiscard]] std::string delimiter() const {
    if (way_.delimiter == ' ') return "%20";
    return way_.delimiter == '|' ? "%7C" : ",";
  }
  [[nodiscard]] std::string escaped(std::string_view text) const {
    std::string out;
    if (way_.form == Form::kHeader) {
      out = text;
    } else {
      uri::append_encoded(out, text);
    }
    return out;
  }
  [[nodiscard]] std::string scalar(json::Value value) const {
    if (value.is(Kind::kString)) return escaped(value.string());
    std::string text;
    append_json(text, value);
    return escaped(text);
  }

  const Way& way_;
};

// A list or an object in which a delimiter would be part of a value: an escape of it is the delimiter, too.
bool is_ambiguous(const Way& way, std::string_view json_text) {
  return (way.delimiter == ' ' || way.delimiter == '|') &&
         json_text.find(way.delimiter) != std::string_view::npos;
}

void check(const Subject& subject, std::string_view text) {
  const Judged first = judge(subject, text);
  if (!first.allowed) return;
  require(first.value.size() <= 8 * text.size() + 64);
  const Judged again = judge(subject, first.passed_on);
  require(again.allowed && again.passed_on == first.passed_on && again.value == first.value);
  if (!subject.one_type || subject.way->members == "json" || is_ambiguous(*subject.way, first.value)) return;
  json::Document document;
  const auto value = document.read(first.value, JsonLimits{});
  require(value.ok());
  const bool empty = (value->is(Kind::kArray) || value->is(Kind::kObject)) && value->size() == 0;
  if (empty) return;  // no style writes it
  const Judged rewritten = judge(subject, Encoder(*subject.way).encode(*value));
  require(rewritten.allowed && rewritten.value == first.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 4096) return 0;
  const Subject& subject = subject_of(data);
  if (subject.plan == nullptr) return 0;
  check(subject, {reinterpret_cast<const char*>(data) + 3, size - 3});
  return 0;
}
