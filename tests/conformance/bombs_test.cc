// Small inputs that are meant to cost much: every row of docs/bombs.md. Times are processor time, with a
// margin wide enough for a busy machine; what is not bounded misses it by orders of magnitude.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "json/document.h"
#include "json/key_hash.h"
#include "schema/program.h"
#include "schema/standalone.h"
#include "yaml/read_tree.h"

namespace caponier {
namespace {

using schema::Outcome;

// The least of several turns.
template <class Work>
double seconds(Work work, int turns = 5) {
  double best = 1e9;
  for (int i = 0; i < turns; ++i) {
    const std::clock_t start = std::clock();
    work();
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

JsonLimits wide() {
  JsonLimits limits;
  limits.bytes_max = 64U << 20;
  limits.nodes_max = 16'000'000;
  return limits;
}

std::string_view refusal(std::string_view text, const JsonLimits& limits = {}) {
  json::Document document;
  const auto root = document.read(text, limits);
  return root ? "accepted" : json::name(root.error().error);
}

struct Compiled {
  explicit Compiled(std::string_view text) {
    program = schema::compile_text(text, "bomb.json", {}, {}, diagnostics);
  }
  [[nodiscard]] std::string said() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) out += to_text(d) + '\n';
    return out;
  }
  Outcome judge(std::string_view instance) {
    const auto value = document.read(instance, wide());
    return value ? schema::evaluate(*program, *value) : Outcome::kInvalid;
  }
  schema::ProgramPtr program;
  Diagnostics diagnostics;
  json::Document document;
};

std::string repeated(std::size_t count, const std::string& text, const std::string& separator = "") {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? separator : "") + text;
  return out;
}

TEST(Bombs, deep_nesting_is_refused_at_the_level_that_is_too_many) {
  EXPECT_EQ(refusal(repeated(64, "[") + repeated(64, "]")), "accepted");
  EXPECT_EQ(refusal(repeated(65, "[") + repeated(65, "]")), "too-deep");
  EXPECT_EQ(refusal(repeated(10'000, "{\"a\":") + "1" + std::string(10'000, '}'), wide()), "too-deep");
  const std::string arrays = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_LT(seconds([&] { refusal(arrays, wide()); }), 0.05);
  Compiled schema(repeated(300, "{\"not\":") + "{}" + repeated(300, "}"));
  EXPECT_EQ(schema.program, nullptr);
}

std::string object_of(std::size_t members) {
  std::string out = "{";
  out.reserve(members * 16);
  for (std::size_t i = 0; i < members; ++i) {
    out.append(i > 0 ? ",\"k" : "\"k")
        .append(std::to_string(i * 2654435761U % 1'000'000'007U))
        .append("\":0");
  }
  return out + '}';
}

TEST(Bombs, a_million_keys_are_refused_or_linear) {
  JsonLimits limits;
  limits.bytes_max = wide().bytes_max;
  const std::string whole = object_of(1'000'000);
  EXPECT_EQ(refusal(whole, limits), "too-many-nodes");
  EXPECT_EQ(refusal(object_of(49'999), limits), "accepted");  // 99,999 nodes
  EXPECT_EQ(refusal(object_of(50'000), limits), "too-many-nodes");
  const std::string quarter = object_of(250'000);
  json::Document document;
  const auto read = [&document](const std::string& text) {
    return seconds([&] { EXPECT_TRUE(document.read(text, wide()).ok()); }, 2);
  };
  EXPECT_LT(read(whole), 16 * read(quarter));  // four times the keys
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1) + ",\"k0\":1}", wide()), "duplicate-key");
}

bool is_plain(std::uint64_t word) {
  for (; word != 0; word >>= 8) {
    const std::uint64_t c = word & 0xFF;
    if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

// Names of eight characters with one hash: its multiplication undone.
std::vector<std::string> colliding(std::size_t count) {
  std::uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - 0x9E3779B97F4A7C15U * inverse;
  std::vector<std::string> out;
  for (std::uint64_t low = 0; out.size() < count; ++low) {
    const std::uint64_t word = inverse * (std::uint64_t{0x12345678} << 32 | low);
    if (!is_plain(word) || word >> 56 == 0) continue;
    std::string name(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) name[i] = static_cast<char>(word >> (8 * i));
    out.push_back(std::move(name));
  }
  return out;
}

TEST(Bombs, keys_that_collide_cost_n_log_n) {
  const std::vector<std::string> names = colliding(4'000);
  ASSERT_EQ(json::upper_half(json::hash_key(names.front())), json::upper_half(json::hash_key(names.back())));
  const auto object = [&names](std::size_t count) {
    std::string out = "{";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? ",\"" : "\"") + names[i] + "\":0";
    return out + '}';
  };
  json::Document document;
  const auto read = [&document](const std::string& text) {
    return seconds([&] { EXPECT_TRUE(document.read(text, wide()).ok()); });
  };
  EXPECT_LT(read(object(4'000)), 24 * read(object(500)) + 0.001);  // quadratic: 64 times
  std::string twice = object(4'000);
  twice.replace(twice.size() - 1, 1, ",\"" + names[17] + "\":1}");
  EXPECT_EQ(refusal(twice, wide()), "duplicate-key");
  // The same names in a schema, and an instance that has them all.
  std::string schema = R"({"additionalProperties": false, "properties": )" + object(2'000) + "}";
  for (std::size_t at = 0; (at = schema.find("\":0", at)) != std::string::npos; at += 5)
    schema.replace(at, 3, "\":{}");
  Compiled compiled(schema);
  ASSERT_NE(compiled.program, nullptr) << compiled.said();
  Outcome outcome{};
  const std::string instance = object(2'000);
  EXPECT_LT(seconds([&] { outcome = compiled.judge(instance); }, 2), 0.5);
  EXPECT_NE(outcome, Outcome::kInvalid);
}

TEST(Bombs, a_wide_one_of_is_linear_and_then_refused) {
  const auto one_of = [](std::size_t count) {
    std::string out = R"({"items": {"oneOf": [)";
    for (std::size_t i = 0; i < count; ++i)
      out += (i > 0 ? "," : "") + std::string(R"({"required": ["a)") + std::to_string(i) + "\"]}";
    return out + "]}}";
  };
  Compiled some(one_of(200));
  Compiled many(one_of(1'600));
  ASSERT_NE(many.program, nullptr) << many.said();
  const std::string one = R"([{"a1": 1}])";
  EXPECT_EQ(many.judge(one), Outcome::kValid);
  EXPECT_LT(seconds([&] { many.judge(one); }), 30 * seconds([&] { some.judge(one); }) + 0.0005);
  const std::string thousands = '[' + repeated(5'000, R"({"a1": 1})", ",") + ']';
  Outcome outcome{};
  EXPECT_LT(seconds([&] { outcome = many.judge(thousands); }, 1), 1.0);
  EXPECT_TRUE(outcome == Outcome::kStepLimit || outcome == Outcome::kValid);
}

TEST(Bombs, alternatives_within_alternatives_are_refused_by_their_steps) {
  std::string schema = R"({"$defs": {"d0": {"const": 1})";
  for (int i = 1; i <= 40; ++i) {
    const std::string below = R"({"properties": {"x": {"$ref": "#/$defs/d)" + std::to_string(i - 1) + "\"}}}";
    schema += ",\"d" + std::to_string(i) + "\": {\"anyOf\": [" + below + "," + below + "]}";
  }
  Compiled compiled(schema + R"(}, "$ref": "#/$defs/d40"})");
  ASSERT_NE(compiled.program, nullptr) << compiled.said();
  const std::string instance = repeated(40, "{\"x\":") + "2" + repeated(40, "}");
  Outcome outcome{};
  EXPECT_LT(seconds([&] { outcome = compiled.judge(instance); }, 1), 2.0);
  EXPECT_NE(outcome, Outcome::kValid);
}

TEST(Bombs, a_reference_to_itself_is_refused_and_recursion_follows_the_value) {
  for (
      const char* schema :
      {R"({"$ref": "#"})", R"({"allOf": [{"$ref": "#"}]})",
       R"({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"})"}) {
    EXPECT_EQ(Compiled(schema).program, nullptr) << schema;
  }
  Compiled list(R"({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false})");
  ASSERT_NE(list.program, nullptr);
  EXPECT_EQ(list.judge(repeated(63, "{\"next\":") + "{}" + repeated(63, "}")), Outcome::kValid);
  Compiled tree(R"({"items": {"$ref": "#"}})");
  const auto cost = [&tree](std::size_t leaves) {
    const std::string text = '[' + repeated(leaves, "[[],[]]", ",") + ']';
    return seconds([&] { EXPECT_EQ(tree.judge(text), Outcome::kValid); });
  };
  EXPECT_LT(cost(40'000), 30 * cost(5'000));  // eight times the value
}

TEST(Bombs, an_explosion_of_all_of_is_bounded_at_load_and_after) {
  std::string schema = R"({"$defs": {"d0": {"type": "integer"})";
  for (int i = 1; i <= 30; ++i) {
    const std::string below = R"({"$ref": "#/$defs/d)" + std::to_string(i - 1) + "\"}";
    schema += ",\"d" + std::to_string(i) + "\": {\"allOf\": [" + below + "," + below + "]}";
  }
  schema += R"(}, "$ref": "#/$defs/d30"})";
  const std::clock_t start = std::clock();
  Compiled compiled(schema);
  if (compiled.program != nullptr) {
    EXPECT_NE(compiled.judge("\"text\""), Outcome::kValid);
    compiled.judge("1");
  } else {
    EXPECT_TRUE(compiled.diagnostics.has_errors());
  }
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 3.0);
}

TEST(Bombs, a_huge_enum_is_looked_up_not_searched) {
  const auto enumeration = [](std::size_t count) {
    std::string out = "{\"enum\": [";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? ",\"value" : "\"value") + std::to_string(i) + '"';
    return out + "]}";
  };
  Compiled small(enumeration(100));
  Compiled huge(enumeration(100'000));
  ASSERT_NE(huge.program, nullptr) << huge.said();
  EXPECT_EQ(huge.judge("\"value99999\""), Outcome::kValid);
  EXPECT_EQ(huge.judge("\"value100000\""), Outcome::kInvalid);
  const auto cost = [](Compiled& compiled, const char* instance) {
    return seconds([&] {
      for (int i = 0; i < 2'000; ++i) compiled.judge(instance);
    });
  };
  EXPECT_LT(cost(huge, "\"value99999\""), 10 * cost(small, "\"value99\""));
}

TEST(Bombs, unique_items_on_a_long_array_cost_n_log_n) {
  Compiled unique(R"({"uniqueItems": true})");
  const auto array = [](std::size_t count, bool twice) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += "{\"id\":" + std::to_string(i) + "},";
    return out + (twice ? "{\"id\":0.0}]" : "null]");
  };
  EXPECT_EQ(unique.judge(array(20'000, false)), Outcome::kValid);
  EXPECT_EQ(unique.judge(array(20'000, true)), Outcome::kInvalid);
  const std::string few = array(5'000, false);
  const std::string many = array(40'000, false);
  EXPECT_LT(seconds([&] { unique.judge(many); }, 3), 30 * seconds([&] { unique.judge(few); }, 3));
}

TEST(Bombs, patterns_that_backtrack_are_linear_or_end_at_their_limit) {
  Compiled linear(R"json({"pattern": "^(a+)+$"})json");
  Compiled limited(R"json({"pattern": "^(?=(a+)+$)"})json");
  ASSERT_NE(limited.program, nullptr);
  EXPECT_NE(limited.said().find("backtracking-pattern"), std::string::npos);
  EXPECT_EQ(linear.said().find("backtracking-pattern"), std::string::npos);
  const auto text = [](std::size_t count) { return '"' + std::string(count, 'a') + "!\""; };
  EXPECT_EQ(linear.judge(text(1'000'000)), Outcome::kInvalid);
  EXPECT_EQ(limited.judge(text(40)), Outcome::kPatternLimit);
  EXPECT_LT(seconds([&] { linear.judge(text(1'000'000)); }, 1), 1.0);
  EXPECT_LT(seconds([&] { limited.judge(text(1'000'000)); }, 1), 1.0);
  const std::string kept = text(40);
  const auto again = limited.document.read(kept, wide());
  const auto violations = schema::explain(*limited.program, *again);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].outcome, Outcome::kPatternLimit);
}

TEST(Bombs, numbers_without_end_are_refused) {
  EXPECT_EQ(refusal(std::string(1'000'000, '9'), wide()), "number-range");
  EXPECT_EQ(refusal("1e999999"), "number-range");
  EXPECT_EQ(refusal("0." + std::string(1'000'000, '1'), wide()), "number-range");
  EXPECT_EQ(refusal(std::string(400, '9') + "e-300"), "accepted");
}

TEST(Bombs, aliases_that_expand_to_billions_are_refused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(9, below, ", ") + "]\n";
  }
  const std::clock_t start = std::clock();
  EXPECT_FALSE(yaml::read_tree(text, "bomb.yaml").ok());
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 2.0);
}

}  // namespace
}  // namespace caponier
