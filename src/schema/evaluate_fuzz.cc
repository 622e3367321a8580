// A schema and an instance grown from the input's bytes, judged in both modes, which must agree. The words
// are few, so that schema and instance meet.
#include <cstdlib>
#include <memory>
#include <string>

#include "json/read_tree.h"
#include "schema/compile.h"
#include "schema/program.h"

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
    unsigned used = 0;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned which = pick(26);
      if (((used >> which) & 1) != 0) continue;
      used |= 1U << which;
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
        return "\"$ref\":\"#\"";
    }
  }

  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Grower grower(data, size);
  schema::CompileOptions options;
  options.closed_objects = grower.pick(2) == 0;
  options.direction = grower.pick(2) == 0 ? schema::Direction::kRequest : schema::Direction::kResponse;
  options.defaults.steps_max = 20'000;
  const std::string text = grower.schema(4);
  const auto tree = json::read_tree(text, "fuzz");
  if (!tree) std::abort();
  Diagnostics diagnostics;
  const Node* root = (*tree)->root();
  const schema::ProgramPtr program = schema::compile(
      *root, options, [root](const Node&, std::string_view, Diagnostics&) { return root; },
      [](const Node&) { return std::string_view("fuzz"); }, diagnostics);
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
