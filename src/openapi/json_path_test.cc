#include "openapi/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "json/read_tree.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kDocument = R"({
  "paths": {"/a": {"get": {"x": 1, "tags": ["t", "u"]}, "put": {"x": 2.0}}, "/b": {"get": {"tags": []}}},
  "list": [{"n": "zero"}, {"n": "one", "deep": {"n": "two"}}, {"m": null}],
  "numbers": [0, 1, 2, 3, 4], "äöü": true, "e'q\"": {"same": {"k": [1, {"z": "y"}]}, "other": {"k": [1.0, {"z": "y"}]}}
})";

std::vector<std::string> selected(std::string_view expression) {
  const auto tree = json::read_tree(kDocument, "d.json");
  const auto path = JsonPath::parse(expression);
  if (!path) return {"error: " + path.error().message};
  const auto nodes = path->select(*tree.value()->root());
  if (!nodes) return {"too many steps"};
  std::vector<std::string> out;
  for (const Node* node : *nodes) out.push_back(node->pointer());
  return out;
}

TEST(JsonPath, selects_as_the_standard_says) {
  struct Case {
    std::string_view path;
    std::vector<std::string> nodes;
  };
  const Case cases[] = {
      {"$", {""}},
      {"$.paths['/a'].get", {"/paths/~1a/get"}},
      {"$ .paths [ \"/a\" ]\n['put']", {"/paths/~1a/put"}},
      {"$.paths.*", {"/paths/~1a", "/paths/~1b"}},
      {"$.paths.*.get", {"/paths/~1a/get", "/paths/~1b/get"}},
      {"$.paths['/b','/a'].get", {"/paths/~1b/get", "/paths/~1a/get"}},
      {"$.none.further", {}},
      {"$..n", {"/list/0/n", "/list/1/n", "/list/1/deep/n"}},
      {"$..['x']", {"/paths/~1a/get/x", "/paths/~1a/put/x"}},
      {"$.list[0]", {"/list/0"}},
      {"$.list[-1]", {"/list/2"}},
      {"$.list[3]", {}},
      {"$.numbers[1:3]", {"/numbers/1", "/numbers/2"}},
      {"$.numbers[:2]", {"/numbers/0", "/numbers/1"}},
      {"$.numbers[-2:]", {"/numbers/3", "/numbers/4"}},
      {"$.numbers[::2]", {"/numbers/0", "/numbers/2", "/numbers/4"}},
      {"$.numbers[::-2]", {"/numbers/4", "/numbers/2", "/numbers/0"}},
      {"$.numbers[3:0:-1]", {"/numbers/3", "/numbers/2", "/numbers/1"}},
      {"$.numbers[::0]", {}},
      {"$['äöü']", {"/äöü"}},
      {"$.äöü", {"/äöü"}},
      {"$['\\u00e4\\u00f6\\u00fc']", {"/äöü"}},
      {"$['e\\'q\"'].same.k[0]", {"/e'q\"/same/k/0"}},
      {"$.list[?@.n]", {"/list/0", "/list/1"}},
      {"$.list[?!@.n]", {"/list/2"}},
      {"$.list[?@.n == 'one']", {"/list/1"}},
      {"$.list[?@.n != 'one']", {"/list/0", "/list/2"}},
      {"$.list[?@.m == null]", {"/list/2"}},
      {"$.list[?@.none == @.never]", {"/list/0", "/list/1", "/list/2"}},
      {"$.list[?@.n > 'one']", {"/list/0"}},
      {"$.list[?@.n == 'zero' || @.m == null]", {"/list/0", "/list/2"}},
      {"$.list[?@.n && !(@.n == 'zero')]", {"/list/1"}},
      {"$.numbers[?@ >= 1 && @ < 3]", {"/numbers/1", "/numbers/2"}},
      {"$.numbers[?@ == 2.0]", {"/numbers/2"}},
      {"$.numbers[?@ == 2e0, 0]", {"/numbers/2", "/numbers/0"}},
      {"$.numbers[?@ <= '1']", {}},
      {"$.paths.*[?@.x == 2]", {"/paths/~1a/put"}},
      {"$.paths.*[?count(@.tags[*]) == 2]", {"/paths/~1a/get"}},
      {"$.paths.*[?length(@.tags) == 0]", {"/paths/~1b/get"}},
      {"$.list[?length(@.n) == 4]", {"/list/0"}},
      {"$.list[?value(@..deep) == $.list[1].deep]", {"/list/1"}},
      {"$.paths[?@.get.tags[?@ == 'u']]", {"/paths/~1a"}},
      {"$[?@.same == @.other]", {"/paths", "/list", "/numbers", "/äöü", "/e'q\""}},
  };
  for (const Case& c : cases) EXPECT_EQ(selected(c.path), c.nodes) << c.path;
}

TEST(JsonPath, what_cannot_be_followed_is_refused_with_its_place) {
  struct Case {
    std::string_view path;
    std::size_t at;
    std::string_view message;
  };
  const Case cases[] = {
      {"", 0, "must begin with"},
      {"paths", 0, "must begin with"},
      {"@.paths", 0, "must begin with"},
      {"$.", 2, "a name is expected"},
      {"$.1a", 2, "a name is expected"},
      {"$.x-caponier", 3, "in brackets and quotes"},
      {"$./orders", 2, "a name is expected"},
      {"$.a b", 3, "cannot stand here"},
      {"$...a", 3, "a name is expected"},
      {"$[", 2, "a name in quotes"},
      {"$['a'", 5, "\"]\" or \",\""},
      {"$['a", 4, "closing quote"},
      {"$['\\x']", 5, "escape is not known"},
      {"$['\\ud800']", 9, "surrogate"},
      {"$['\\u12']", 7, "hexadecimal"},
      {"$[01]", 2, "not an integer"},
      {"$[-0]", 2, "not an integer"},
      {"$[9007199254740992]", 2, "not an integer"},
      {"$[?]", 3, "a query, a value"},
      {"$[?@.a ==]", 9, "a query, a value"},
      {"$[?1]", 3, "a comparison or a query"},
      {"$[?@.* == 1]", 3, "one value"},
      {"$[?match(@.a, 'x')]", 3, "not supported"},
      {"$[?search(@.a, 'x')]", 3, "not supported"},
      {"$[?length(@.*) == 1]", 10, "one value"},
      {"$[?(@.a]", 7, "\")\" is expected"},
      {"$[?@.a = 1]", 7, "\"]\" or \",\""},
      {"$[?01 == @]", 5, "not a number"},
      {"$ ", 1, "cannot stand here"},
  };
  for (const Case& c : cases) {
    const auto path = JsonPath::parse(c.path);
    ASSERT_FALSE(path.ok()) << c.path;
    EXPECT_EQ(path.error().at, c.at) << c.path << ": " << path.error().message;
    EXPECT_THAT(path.error().message, HasSubstr(c.message)) << c.path;
  }
}

TEST(JsonPath, knows_which_queries_select_one_place) {
  for (const std::string_view one : {"$", "$.a", "$['a'][0].b"})
    EXPECT_TRUE(JsonPath::parse(one)->is_singular());
  for (const std::string_view many : {"$.*", "$..a", "$['a','b']", "$[0:1]", "$[?@.a]"}) {
    EXPECT_FALSE(JsonPath::parse(many)->is_singular()) << many;
  }
}

TEST(JsonPath, is_bounded_in_length_depth_and_steps) {
  JsonPathLimits limits;
  limits.bytes_max = 10;
  limits.depth_max = 3;
  EXPECT_TRUE(JsonPath::parse("$.aaaaaaaa", limits).ok());
  EXPECT_FALSE(JsonPath::parse("$.aaaaaaaaa", limits).ok());
  limits.bytes_max = 100;
  EXPECT_TRUE(JsonPath::parse("$[?(@.a)]", limits).ok());
  EXPECT_FALSE(JsonPath::parse("$[?((@.a))]", limits).ok());
  EXPECT_FALSE(JsonPath::parse("$" + std::string(90, '[') + "]", limits).ok());
  std::string deep = "$";
  for (int i = 0; i < 60; ++i) deep += "[?@";
  EXPECT_FALSE(JsonPath::parse(deep).ok());
  const auto tree = json::read_tree(kDocument, "d.json");
  const auto select = [&tree](std::uint64_t steps) {
    JsonPathLimits few;
    few.steps_max = steps;
    return JsonPath::parse("$.numbers[*]", few)->select(*tree.value()->root()).has_value();
  };
  EXPECT_TRUE(select(8));
  EXPECT_FALSE(select(7));
}

}  // namespace
}  // namespace caponier::openapi
