// docs/configuration.md and docs/caponier.schema.json against the reader of the configuration: examples load,
// every limit and timeout is there with its default and its range.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/bounds.h"
#include "config/config.h"
#include "config/reader.h"
#include "json/read_tree.h"

namespace caponier::config {
namespace {

std::string read_doc(const std::string& name) {
  std::ifstream stream(std::filesystem::path(CAPONIER_SOURCE_DIR) / "docs" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> yaml_examples(const std::string& text) {
  std::vector<std::string> out;
  const std::string fence = "```yaml\n";
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::size_t end = text.find("```", at);
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// "1,000": thousands apart, as the tables have them.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string shown(const LimitBound& limit, std::uint64_t value) {
  return limit.is_bytes ? bytes_text(value) : grouped(value);
}

TEST(ConfigurationDocs, examples_load) {
  const std::vector<std::string> examples = yaml_examples(read_doc("configuration.md"));
  ASSERT_GE(examples.size(), 2U);
  for (const std::string& example : examples) {
    Diagnostics diagnostics;
    read_config(example, "caponier.yaml", diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.all())
      ADD_FAILURE() << to_text(diagnostic) << '\n' << example;
  }
}

TEST(ConfigurationDocs, every_limit_is_listed_with_its_default_and_range) {
  const std::string text = read_doc("configuration.md");
  for (const LimitBound& limit : limit_bounds()) {
    const std::string key =
        "limits." + (limit.group.empty() ? "" : std::string(limit.group) + ".") + std::string(limit.name);
    const std::size_t row = text.find("| `" + key + "` |");
    ASSERT_NE(row, std::string::npos) << key;
    const std::string line = text.substr(row, text.find('\n', row) - row);
    const std::string end = "| " + shown(limit, limit.get(Limits())) + " | " + shown(limit, limit.min) +
                            " to " + shown(limit, limit.max) + " |";
    EXPECT_TRUE(line.ends_with(end)) << line << "\nexpected: " << end;
  }
}

TEST(ConfigurationDocs, every_timeout_is_listed_with_its_default_and_range) {
  const std::string text = read_doc("configuration.md");
  for (const TimeBound& time : time_bounds()) {
    const std::size_t row = text.find("| `timeouts." + std::string(time.name) + "` |");
    ASSERT_NE(row, std::string::npos) << time.name;
    const std::string line = text.substr(row, text.find('\n', row) - row);
    const std::string end = "| " + duration_text(TimeLimits().*time.field) + " | " +
                            duration_text(time.min_ms) + " to " + duration_text(time.max_ms) + " |";
    EXPECT_TRUE(line.ends_with(end)) << line << "\nexpected: " << end;
  }
}

TEST(ConfigurationDocs, the_published_schema_has_every_limit_and_timeout) {
  const auto tree = json::read_tree(read_doc("caponier.schema.json"), "caponier.schema.json");
  ASSERT_TRUE(tree.ok());
  const Node& properties = *tree.value()->root()->find("properties");
  const Node& limits = *properties.find("limits")->find("properties");
  for (const LimitBound& limit : limit_bounds()) {
    const Node* group = limit.group.empty() ? &limits : limits.find(limit.group);
    ASSERT_NE(group, nullptr) << limit.group;
    if (!limit.group.empty()) group = group->find("properties");
    const Node* entry = group->find(limit.name);
    ASSERT_NE(entry, nullptr) << limit.name;
    EXPECT_EQ(entry->find("default")->integer(), static_cast<std::int64_t>(limit.get(Limits())))
        << limit.name;
    const Node* number = limit.is_bytes ? entry->find("anyOf")->first_child : entry;
    EXPECT_EQ(number->find("minimum")->integer(), static_cast<std::int64_t>(limit.min)) << limit.name;
    EXPECT_EQ(number->find("maximum")->integer(), static_cast<std::int64_t>(limit.max)) << limit.name;
  }
  const Node& timeouts = *properties.find("timeouts")->find("properties");
  for (const TimeBound& time : time_bounds()) {
    const Node* entry = timeouts.find(time.name);
    ASSERT_NE(entry, nullptr) << time.name;
    EXPECT_EQ(parse_duration_ms(entry->find("default")->text), TimeLimits().*time.field) << time.name;
  }
}

}  // namespace
}  // namespace caponier::config
