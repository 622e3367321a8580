// A schema and an instance grown from the input's bytes, judged in both modes, which must agree. The words
// are few, so that schema and instance meet.
#include <cstdlib>
#include <memory>
#include <string>

#include "json/read_tree.h"
#include "schema/compile.h"
#include "schema/program.h"
#include "schema/standalone.h"

namespace {

using namespace caponier;

class Grower {
 public:
  Grower(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  unsigned pick(unsigned bound) { return at_ < size_ ? data_[at_++] % bound : 0; }

  std::string value(int depth) {
    static const char* const kLeaves[] = {
        "null",         "true", "0",    "1",     "-1",     "1.5",
        "2.0",          "1e2",  "\"\"", "\"a\"", "\"ab\"", "\"bb\"",
        "\"\xC3\xA9\"", "[]",   "{}",   "10",    "0.01",   "12345678901234567890"};
    const unsigned shape = depth > 0 ? pick(4) : 0;
    if (shape < 2) return kLeaves[pick(18)];
    std::string out = shape == 2 ? "[" : "{";
    const unsigned count = pick(4);
    for (unsigned i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      if (shape == 3) out += std::string("\"") + static_cast<char>('a' + (i + pick(2) * 4)) + "\":";
      out += value(depth - 1);
    }
    return out + (shape == 2 ? ']' : '}');
  }

  std::string schema(int depth) {
    if (depth == 0) return pick(8) == 0 ? "false" : "{}";
    std::string out = "{";
    const unsigned count = pick(4) + 1;
    std::uint64_t used = 0;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned which = pick(kKeywords);
      if (((used >> which) & 1) != 0) continue;
      used |= std::uint64_t{1} << which;
      if (out.size() > 1) out += ',';
      out += keyword(which, depth);
    }
    return out + '}';
  }

 private:
  std::string list(int depth) { return '[' + schema(depth - 1) + ',' + schema(depth - 1) + ']'; }
  std::string number() { return std::to_string(pick(4)); }

  std::string keyword(unsigned which, int depth) {
    static const char* const kTypes[] = {"null", "boolean", "number", "integer", "string", "array", "object"};
    switch (which) {
      case 0:
        return std::string(R"("type":")") + kTypes[pick(7)] + '"';
      case 1:
        return "\"enum\":[" + value(1) + ',' + value(1) + ']';
      case 2:
        return "\"const\":" + value(2);
      case 3:
        return "\"minimum\":" + number();
      case 4:
        return "\"exclusiveMaximum\":" + number();
      case 5:
        return "\"multipleOf\":0." + std::to_string(pick(9) + 1);
      case 6:
        return "\"maxLength\":" + number();
      case 7:
        return "\"minLength\":" + number();
      case 8:
        return R"("pattern":"^[a-b]*$")";
      case 9:
        return "\"properties\":{\"a\":" + schema(depth - 1) + ",\"b\":" + schema(depth - 1) + '}';
      case 10:
        return R"("required":["a"])";
      case 11:
        return "\"additionalProperties\":" + schema(depth - 1);
      case 12:
        return "\"patternProperties\":{\"^[b-c]\":" + schema(depth - 1) + '}';
      case 13:
        return "\"propertyNames\":" + schema(depth - 1);
      case 14:
        return "\"maxProperties\":" + number();
      case 15:
        return "\"items\":" + schema(depth - 1);
      case 16:
        return "\"prefixItems\":" + list(depth);
      case 17:
        return "\"contains\":" + schema(depth - 1) + ",\"maxContains\":" + number();
      case 18:
        return R"("uniqueItems":true)";
      case 19:
        return "\"allOf\":" + list(depth);
      case 20:
        return "\"anyOf\":" + list(depth);
      case 21:
        return "\"oneOf\":" + list(depth);
      case 22:
        return "\"not\":" + schema(depth - 1);
      case 23:
        return "\"if\":" + schema(depth - 1) + ",\"then\":" + schema(depth - 1) +
               ",\"else\":" + schema(depth - 1);
      case 24:
        return "\"unevaluatedProperties\":" + schema(depth - 1);
      default:
        return newer_keyword(which, depth);
    }
  }
  std::string newer_keyword(unsigned which, int depth) {
    switch (which) {
      case 25:
        return R"("$ref":"#)" + target() + '"';
      case 26:
        return "\"unevaluatedItems\":" + schema(depth - 1);
      case 27:
        return R"("dependentRequired":{"a":["b","c"]})";
      case 28:
        return R"("dependentSchemas":{"a":)" + schema(depth - 1) + '}';
      case 29:
        return R"("dependencies":{"b":["a"],"c":)" + schema(depth - 1) + '}';
      case 30:
        return R"("$dynamicRef":"#node")";
      case 31:
        return R"("$dynamicAnchor":"node")";
      case 32:
        return R"("$id":"http://a/)" + number() + '"';
      case 33:
        return R"("$defs":{"a":)" + schema(depth - 1) + '}';
      case 34:
        return "\"items\":" + list(depth) + ",\"additionalItems\":" + schema(depth - 1);
      default:
        return R"("format":")" + std::string(kFormats[pick(4)]) + '"';
    }
  }
  std::string target() {
    static const char* const kTargets[] = {"", "node", "/$defs/a", "/properties/a"};
    return kTargets[pick(4)];
  }

  static constexpr unsigned kKeywords = 36;
  static constexpr const char* kFormats[] = {"date", "idn-hostname", "regex", "uri"};

  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// As a contract's schema, with everything that contracts add.
schema::ProgramPtr compile_for_contract(Grower& grower, const Tree& tree, Diagnostics& diagnostics) {
  schema::CompileOptions options;
  options.closed_objects = grower.pick(2) == 0;
  options.direction = grower.pick(2) == 0 ? schema::Direction::kRequest : schema::Direction::kResponse;
  options.defaults.steps_max = 20'000;
  return schema::compile(
      *tree.root(), options, [&tree](const Node&, std::string_view, Diagnostics&) { return tree.root(); },
      [](const Node&) { return std::string_view("fuzz"); }, diagnostics);
}

schema::ProgramPtr compile_alone(Grower& grower, const Tree& tree, Diagnostics& diagnostics) {
  constexpr schema::Dialect kDialects[] = {schema::Dialect::kDraft202012, schema::Dialect::kDraft201909,
                                           schema::Dialect::kDraft07, schema::Dialect::kDraft04};
  const schema::StandaloneOptions options{.dialect = kDialects[grower.pick(4)], .steps_max = 20'000};
  return schema::compile_document(tree, options, {}, diagnostics);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Grower grower(data, size);
  const bool alone = grower.pick(2) == 0;
  const std::string text = grower.schema(4);
  const auto tree = json::read_tree(text, "fuzz");
  if (!tree) return 0;  // a keyword twice, such as items
  Diagnostics diagnostics;
  const schema::ProgramPtr program =
      alone ? compile_alone(grower, **tree, diagnostics) : compile_for_contract(grower, **tree, diagnostics);
  if (program == nullptr) return 0;
  const std::uint8_t types = schema::root_types(*program);
  json::Document document;
  for (int n = 0; n < 3; ++n) {
    const std::string instance = grower.value(3);
    const auto value = document.read(instance, JsonLimits{});
    if (!value) std::abort();
    const schema::Outcome outcome = schema::evaluate(*program, *value);
    const auto violations = schema::explain(*program, *value);
    if (violations.empty() != (outcome == schema::Outcome::kValid)) std::abort();
    // What decoders are told must hold.
    if (outcome == schema::Outcome::kValid && ((types >> static_cast<unsigned>(value->kind())) & 1) == 0)
      std::abort();
  }
  return 0;
}
