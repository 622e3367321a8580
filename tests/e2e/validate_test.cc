// `caponier validate` as a person and as a program use it: answers, exit statuses, where documents come from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "e2e/process.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOrder = R"({
  "type": "object",
  "required": ["item", "qty"],
  "properties": {
    "item": {"type": "string", "maxLength": 5},
    "qty": {"type": "integer", "maximum": 100}
  }
})";

class Validate : public testing::Test {
 protected:
  Finished batch(const std::string& lines, Words more = {}) {
    Words words = {"validate", "--batch", folder_.write("batch.ndjson", lines)};
    words.insert(words.end(), more.begin(), more.end());
    return run_caponier(words);
  }
  // The answer to one line.
  std::string answer(const std::string& line, Words more = {}) {
    const Finished done = batch(line + "\n", std::move(more));
    EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 1) << done.out << done.err;
    return done.out.substr(0, done.out.find('\n'));
  }
  static bool is_error(const std::string& text) { return text.starts_with("{\"error\": \""); }

  TestFolder folder_;
};

constexpr const char* kValid = R"({"valid": true, "errors": []})";

TEST_F(Validate, files_are_judged_with_the_place_of_every_error) {
  const std::string schema = folder_.write("order.json", kOrder);
  const std::string good = folder_.write("good.json", R"({"item": "bolt", "qty": 5})");
  const std::string bad = folder_.write("bad.json", "{\"item\": \"sprocket\",\n  \"qty\": 500}");
  const Finished fine = run_caponier({"validate", "--schema", schema, good});
  EXPECT_EQ(fine.status, 0);
  EXPECT_EQ(fine.out, good + ": valid\n");
  const Finished both = run_caponier({"validate", "--schema", schema, good, bad});
  EXPECT_EQ(both.status, 1);
  EXPECT_THAT(both.out, HasSubstr(good + ": valid\n"));
  EXPECT_THAT(both.out, HasSubstr(bad + ":1:10: /item "));
  EXPECT_THAT(both.out, HasSubstr(bad + ":2:10: /qty must be at most 100 [maximum, " + schema + ":6:"));
  EXPECT_THAT(both.out, HasSubstr(bad + ": not valid, 2 errors\n"));
}

TEST_F(Validate, answers_about_files_come_as_json_too) {
  const std::string schema = folder_.write("order.json", kOrder);
  const std::string good = folder_.write("good.json", R"({"item": "bolt", "qty": 5})");
  const std::string bad = folder_.write("bad.json", R"({"item": "bolt", "qty": 500})");
  const std::string broken = folder_.write("broken.json", R"({"a": 1, "a": 2})");
  const Finished done = run_caponier({"validate", "--schema", schema, "--format", "json", good, bad, broken});
  EXPECT_EQ(done.status, 2);
  std::istringstream lines(done.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "{\"file\": \"" + good + R"(", "valid": true, "errors": []})");
  std::getline(lines, line);
  EXPECT_THAT(line,
              HasSubstr(R"("valid": false, "errors": [{"instance": "/qty", "schema": "/properties/qty)"));
  EXPECT_THAT(line, HasSubstr(R"("keyword": "maximum", "message": "must be at most 100", "file": ")"));
  EXPECT_THAT(line, HasSubstr(R"("line": 6, "column": )"));
  std::getline(lines, line);
  EXPECT_THAT(line, HasSubstr(R"("error": "it is not JSON as it should be: duplicate-key at byte 10")"));
}

TEST_F(Validate, standard_input_can_be_the_data_and_the_batch) {
  const std::string schema = folder_.write("order.json", kOrder);
  const std::string data = folder_.write("data.json", R"({"item": "bolt", "qty": 5})");
  const std::string lines = folder_.write("lines", "{\"schema\": true, \"instance\": 1}\n");
  const auto shell = [](const std::string& words, const std::string& input) {
    return run({"sh", "-c", std::string(CAPONIER_BINARY) + " validate " + words + " < " + input});
  };
  EXPECT_EQ(shell("--schema " + schema + " -", data).out, "standard input: valid\n");
  EXPECT_EQ(shell("--batch -", lines).out, std::string(kValid) + "\n");
}

TEST_F(Validate, a_batch_answers_each_line_with_one) {
  const std::string schema = folder_.write("order.json", kOrder);
  const std::string data = folder_.write("data.json", R"({"item": "bolt", "qty": 5})");
  const Finished done = batch(R"({"schema": {"type": "integer"}, "instance": 3})"
                              "\n"
                              R"({"schema": {"type": "integer"}, "instance": "3"})"
                              "\n\n"
                              R"({"schema": ")" +
                              schema + R"(", "instance": {"file": ")" + data +
                              "\"}}\n"
                              "{\"schema\": false, \"instance\": null}\n"
                              "not json\n"
                              R"({"schema": true, "instance": {"a": [1.0, "\u00e9"]}})");
  EXPECT_EQ(done.status, 2);
  std::vector<std::string> lines;
  std::istringstream stream(done.out);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 6U) << done.out;
  EXPECT_EQ(lines[0], kValid);
  EXPECT_THAT(lines[1],
              testing::StartsWith(R"({"valid": false, "errors": [{"instance": "", "schema": "/type")"));
  EXPECT_EQ(lines[2], kValid);
  EXPECT_THAT(lines[3], testing::StartsWith(R"({"valid": false, "errors": [{)"));
  EXPECT_EQ(lines[4], R"({"error": "the line cannot be read: syntax at byte 1"})");
  EXPECT_EQ(lines[5], kValid);
}

TEST_F(Validate, the_exit_status_of_a_batch_is_that_of_its_worst_line) {
  EXPECT_EQ(batch("{\"schema\": true, \"instance\": 1}\n").status, 0);
  EXPECT_EQ(batch("{\"schema\": true, \"instance\": 1}\n{\"schema\": false, \"instance\": 1}\n").status, 1);
  EXPECT_EQ(
      batch("{\"schema\": {\"type\": 5}, \"instance\": 1}\n{\"schema\": false, \"instance\": 1}\n").status,
      2);
  EXPECT_EQ(batch("").status, 0);
}

TEST_F(Validate, lines_that_ask_nothing_sensible_are_errors_with_a_reason) {
  struct Case {
    const char* line;
    const char* words;
  };
  for (const Case& c : {
           Case{"[]", "a line is an object"},
           Case{R"({"schema": true})", "the instance is missing"},
           Case{R"({"instance": 1})", "the schema is missing"},
           Case{R"({"schema": true, "instance": 1, "formats": true})", "did you mean format?"},
           Case{R"({"schema": true, "instance": 1, "format": "yes"})", "format is true or false"},
           Case{R"({"schema": true, "instance": 1, "dialect": "draft-05"})", "the dialects are 2020-12"},
           Case{R"({"schema": true, "instance": 1, "dialect": 7})", "the dialects are 2020-12"},
           Case{R"({"schema": "/nowhere/at/all.json", "instance": 1})", "/nowhere/at/all.json"},
           Case{R"({"schema": true, "instance": {"file": "/nowhere/at/all.json"}})", "/nowhere/at/all.json"},
           Case{R"({"schema": {"$ref": "#/nowhere"}, "instance": 1})", "leads nowhere"},
           Case{R"({"schema": {"pattern": "(?i)a"}, "instance": 1})", "ECMA-262"},
           Case{R"({"schema": {"$ref": "https://example.com/a.json"}, "instance": 1})", "--map"},
           Case{R"({"schema": true, "instance": [1, 2}})", "cannot be read"},
       }) {
    const std::string text = answer(c.line);
    EXPECT_TRUE(is_error(text)) << c.line << ": " << text;
    EXPECT_THAT(text, HasSubstr(c.words)) << c.line;
  }
}

TEST_F(Validate, each_line_has_its_dialect) {
  const auto valid = [this](const std::string& schema, const std::string& instance,
                            const std::string& dialect) {
    return answer(R"({"schema": )" + schema + R"(, "instance": )" + instance + R"(, "dialect": ")" + dialect +
                  "\"}") == kValid;
  };
  const std::string exclusive = R"({"maximum": 5, "exclusiveMaximum": true})";
  EXPECT_FALSE(valid(exclusive, "5", "draft-04"));
  EXPECT_FALSE(valid(exclusive, "5", "oas-3.0"));
  EXPECT_TRUE(valid(R"({"type": "string", "nullable": true})", "null", "oas-3.0"));
  EXPECT_FALSE(valid(R"({"type": "string", "nullable": true})", "null", "2020-12"));
  EXPECT_FALSE(valid(R"({"items": [{"type": "string"}]})", "[1]", "draft-07"));
  EXPECT_FALSE(valid(R"({"prefixItems": [{"type": "string"}]})", "[1]", "2020-12"));
  EXPECT_TRUE(valid(R"({"prefixItems": [{"type": "string"}]})", "[1]", "draft-07"));
  EXPECT_FALSE(valid(R"({"dependentRequired": {"a": ["b"]}})", R"({"a": 1})", "oas-3.1"));
  EXPECT_FALSE(valid(
      R"({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": true})",
      "5", "2020-12"));
}

TEST_F(Validate, formats_are_judged_where_the_dialect_or_the_line_says_so) {
  const auto valid = [this](const std::string& more, Words words = {}) {
    return answer(R"({"schema": {"format": "date"}, "instance": "tomorrow")" + more + "}",
                  std::move(words)) == kValid;
  };
  EXPECT_TRUE(valid(""));
  EXPECT_TRUE(valid(R"(, "dialect": "draft-07")"));
  EXPECT_FALSE(valid(R"(, "dialect": "oas-3.1")"));
  EXPECT_FALSE(valid(R"(, "format": true)"));
  EXPECT_TRUE(valid(R"(, "format": false, "dialect": "oas-3.0")"));
  EXPECT_FALSE(valid("", {"--formats", "assert"}));
  EXPECT_TRUE(valid(R"(, "dialect": "oas-3.1")", {"--formats", "ignore"}));
  EXPECT_TRUE(valid(R"(, "format": false)", {"--formats", "assert"}));
}

TEST_F(Validate, documents_are_found_in_mapped_folders_and_nowhere_else) {
  const std::string here = folder_.write("integer.json", R"({"type": "integer"})");
  const std::string outside =
      folder_.path() + "/../" + std::filesystem::path(folder_.path()).filename().string();
  const std::string line = R"({"schema": {"$ref": "https://example.com/s/integer.json"}, "instance": "x"})";
  EXPECT_TRUE(is_error(answer(line))) << here;
  EXPECT_THAT(answer(line, {"--map", "https://example.com/s/=" + folder_.path()}),
              HasSubstr("\"valid\": false"));
  EXPECT_THAT(answer(line, {"--map", "https://example.com/s=" + outside}), HasSubstr("\"valid\": false"));
  EXPECT_TRUE(is_error(answer(line, {"--map", "https://example.com/other/=" + folder_.path()})));
  for (const char* escape : {"../order.json", "%2e%2e/order.json", "a/../../order.json", "/etc/hostname"}) {
    TestFolder other;
    const std::string text = answer(
        R"({"schema": {"$ref": "https://example.com/s/)" + std::string(escape) + R"("}, "instance": 1})",
        {"--map", "https://example.com/s/=" + other.path()});
    EXPECT_TRUE(is_error(text)) << escape << text;
  }
}

TEST_F(Validate, a_link_out_of_a_mapped_folder_is_not_followed) {
  TestFolder secret;
  const std::string target = secret.write("secret.json", "true");
  std::filesystem::create_symlink(target, folder_.file("link.json"));
  EXPECT_TRUE(is_error(answer(R"({"schema": {"$ref": "https://example.com/link.json"}, "instance": 1})",
                              {"--map", "https://example.com/=" + folder_.path()})));
}

TEST_F(Validate, files_refer_to_their_neighbours) {
  const std::string item = folder_.write("item.yaml", "type: string\nmaxLength: 3\n");
  const std::string schema = folder_.write("list.json", R"({"items": {"$ref": "item.yaml"}})");
  const std::string data = folder_.write("data.json", R"(["ab", "abcd"])");
  const Finished done = run_caponier({"validate", "--schema", schema, data});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr(data + ":1:8: /1 "));
  EXPECT_THAT(done.out, HasSubstr(item + ":2:"));
}

TEST_F(Validate, a_pattern_that_would_take_too_long_is_told_from_one_that_does_not_match) {
  const std::string schema = R"json({"pattern": "^(?=(a+)+$)"})json";
  EXPECT_THAT(answer(R"({"schema": )" + schema + R"(, "instance": "b"})"), HasSubstr("\"valid\": false"));
  EXPECT_THAT(answer(R"({"schema": )" + schema + R"(, "instance": ")" + std::string(40, 'a') + R"(!"})"),
              HasSubstr("backtracking"));
}

TEST_F(Validate, exact_numbers_of_any_size_are_judged) {
  EXPECT_EQ(answer(R"({"schema": {"multipleOf": 0.01}, "instance": 4.35})"), kValid);
  EXPECT_EQ(
      answer(R"({"schema": {"const": 12345678901234567890123}, "instance": 12345678901234567890123.0})"),
      kValid);
  EXPECT_NE(answer(R"({"schema": {"const": 12345678901234567890123}, "instance": 12345678901234567890124})"),
            kValid);
  EXPECT_EQ(answer(R"({"schema": {"type": "integer"}, "instance": 1.0e2})"), kValid);
}

TEST_F(Validate, wrong_words_are_told) {
  const std::string schema = folder_.write("order.json", kOrder);
  const auto said = [](Words words) {
    words.insert(words.begin(), "validate");
    const Finished done = run_caponier(words);
    EXPECT_EQ(done.status, 2);
    return done.err;
  };
  EXPECT_THAT(said({}), HasSubstr("either --schema FILE DATA... or --batch FILE"));
  EXPECT_THAT(said({"--schema", schema}), HasSubstr("no data is named"));
  EXPECT_THAT(said({"--schema", schema, "--batch", "-", "x"}), HasSubstr("either"));
  EXPECT_THAT(said({"--batch", "-", "x"}), HasSubstr("from its lines"));
  EXPECT_THAT(said({"--schema", schema, "--dialect", "draft-99", "x"}), HasSubstr("the dialects are"));
  EXPECT_THAT(said({"--schema", schema, "--map", "nowhere", "x"}), HasSubstr("URI_PREFIX=FOLDER"));
  EXPECT_THAT(said({"--schema", schema, "--map", "a=/no/such/folder", "x"}), HasSubstr("not a folder"));
  EXPECT_THAT(said({"--schema", folder_.file("none.json"), "x"}), HasSubstr("none.json"));
  EXPECT_THAT(said({"--schema", schema, "--formats", "maybe", "x"}), HasSubstr("assert or ignore"));
}

}  // namespace
}  // namespace caponier::e2e
