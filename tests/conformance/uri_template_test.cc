// github.com/uri-templates/uritemplate-test: what RFC 6570 expands, the styles of parameters read back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "json/document.h"
#include "uri/path.h"
#include "uri/style.h"

namespace caponier::uri {
namespace {

// A template of one variable without prefix, in an operator that is a style of OpenAPI.
struct Template {
  Style style = Style::kSimple;
  bool is_query = false;
  bool explode = false;
  std::string name;
};

std::optional<Template> parse(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}') || text.find('{', 1) != std::string_view::npos)
    return std::nullopt;
  text = text.substr(1, text.size() - 2);
  Template out;
  switch (text.empty() ? '\0' : text.front()) {
    case '.':
      out.style = Style::kLabel;
      break;
    case ';':
      out.style = Style::kMatrix;
      break;
    case '?':
    case '&':
      out.style = Style::kForm;
      out.is_query = true;
      break;
    case '+':
    case '#':
    case '/':
      return std::nullopt;
    default:
      break;
  }
  if (out.style != Style::kSimple) text.remove_prefix(1);
  out.explode = text.ends_with('*');
  if (out.explode) text.remove_suffix(1);
  if (text.find_first_of(",:*") != std::string_view::npos || text.empty()) return std::nullopt;
  out.name = decode(text).value_or("");
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A value as pairs: a text is one without name, items of a list too.
Pairs pairs_of(json::Value value) {
  Pairs out;
  if (value.is(json::Kind::kString)) return {{"", std::string(value.string())}};
  if (value.is(json::Kind::kNumber)) return {{"", std::string(value.number_text())}};
  json::Value child = value.first_child();
  for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) {
    std::string name;
    if (value.is(json::Kind::kObject)) {
      name = child.string();
      child = child.next_sibling();
    }
    out.emplace_back(name, child.string());
  }
  return out;
}

Pairs read_query(const Template& written, json::Kind kind, std::string_view text, Arena& arena) {
  Pairs out;
  const auto pairs = parse_query(text.substr(1), arena, 100);
  if (!pairs) return {{"malformed", std::string(name(pairs.error()))}};
  for (const QueryPair& pair : *pairs) {
    const StyledText styled{pair.value_raw, Style::kForm, false, Escapes::kForm, {}};
    if (kind == json::Kind::kObject && written.explode) {
      out.emplace_back(pair.name, pair.value);
    } else if (pair.name != written.name) {
      out.emplace_back("unexpected", pair.name);
    } else if (kind == json::Kind::kObject) {
      const auto members = read_members(styled, arena);
      for (const Member& member : members.value()) out.emplace_back(member.name, member.value);
    } else if (kind == json::Kind::kArray && !written.explode) {
      const auto items = read_items(styled, arena);
      for (const std::string_view item : items.value()) out.emplace_back("", item);
    } else {
      out.emplace_back("", pair.value);
    }
  }
  return out;
}

Pairs read_back(const Template& written, json::Kind kind, std::string_view text, Arena& arena) {
  if (written.is_query) return read_query(written, kind, text, arena);
  const StyledText styled{text, written.style, written.explode, Escapes::kPercent, written.name};
  Pairs out;
  if (kind == json::Kind::kObject) {
    const auto members = read_members(styled, arena);
    if (!members) return {{"unreadable", std::string(text)}};
    for (const Member& member : *members) out.emplace_back(member.name, member.value);
  } else if (kind == json::Kind::kArray) {
    const auto items = read_items(styled, arena);
    if (!items) return {{"unreadable", std::string(text)}};
    for (const std::string_view item : *items) out.emplace_back("", item);
  } else {
    out.emplace_back("", read_text(styled, arena).value_or("unreadable"));
  }
  return out;
}

// RFC 6570 does not encode the '.' between the parts of a label, nor within them.
bool is_ambiguous(const Template& written, const Pairs& value) {
  if (written.style != Style::kLabel || !written.explode) return false;
  return std::ranges::any_of(value,
                             [](const auto& pair) { return pair.second.find('.') != std::string::npos; });
}

std::size_t check_case(json::Value variables, json::Value test) {
  const json::Value expression = test.first_child();
  const json::Value expected = expression.next_sibling();
  const auto written = parse(expression.string());
  if (!written || !(expected.is(json::Kind::kString) || expected.is(json::Kind::kArray))) return 0;
  const auto value = variables.find(written->name);
  if (!value || value->is(json::Kind::kNull) || value->is(json::Kind::kBoolean)) return 0;
  const bool many = value->is(json::Kind::kArray) || value->is(json::Kind::kObject);
  if (many && value->size() == 0) return 0;
  Pairs wanted = pairs_of(*value);
  if (is_ambiguous(*written, wanted)) return 0;
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::string_view> expansions;
  if (expected.is(json::Kind::kString)) {
    expansions.push_back(expected.string());
  } else {
    json::Value one = expected.first_child();
    for (std::uint32_t i = 0; i < expected.size(); ++i, one = one.next_sibling())
      expansions.push_back(one.string());
  }
  for (const std::string_view text : expansions) {
    Arena arena;
    Pairs got = read_back(*written, value->kind(), text, arena);
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, wanted) << expression.string() << " as " << text;
  }
  return expansions.size();
}

std::size_t check_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  json::Document document;
  const auto root = document.read(text, {});
  EXPECT_TRUE(root.ok()) << path;
  if (!root) return 0;
  std::size_t checked = 0;
  json::Value section = root->first_child();
  for (std::uint32_t i = 0; i < root->size(); ++i, section = section.next_sibling()) {
    section = section.next_sibling();
    const auto variables = section.find("variables");
    const auto tests = section.find("testcases");
    if (!variables || !tests) continue;
    json::Value test = tests->first_child();
    for (std::uint32_t t = 0; t < tests->size(); ++t, test = test.next_sibling())
      checked += check_case(*variables, test);
  }
  return checked;
}

TEST(UriTemplates, what_they_expand_is_read_back) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set: URI templates skipped";
  std::size_t checked = 0;
  for (const char* file : {"spec-examples.json", "spec-examples-by-section.json", "extended-tests.json"}) {
    checked += check_file(std::filesystem::path(corpora) / "uri-template" / file);
  }
  EXPECT_GE(checked, 100U) << "expansions";
  RecordProperty("expansions", static_cast<int>(checked));
}

}  // namespace
}  // namespace caponier::uri
