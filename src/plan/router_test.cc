#include "plan/router.h"

#include <gtest/gtest.h>

namespace caponier::plan {
namespace {

using http::Method;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t next = path.find('/', at + 1);
    segments.push_back(path.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
    at = next;
  }
  return segments;
}

RouteMatch match(const Router& router, std::string_view path, Method method = Method::kGet) {
  return router.match(split(path), method);
}

std::string parameters(const RouteMatch& match) {
  std::string out;
  for (std::uint32_t i = 0; i < match.parameter_count; ++i) {
    if (i > 0) out += '|';
    out += match.parameters[i];
  }
  return out;
}

std::uint32_t bits(std::initializer_list<Method> methods) {
  std::uint32_t out = 0;
  for (const Method m : methods) out |= 1U << static_cast<unsigned>(m);
  return out;
}

TEST(Router, every_template_is_found_by_the_paths_it_stands_for) {
  const std::vector<std::string> templates = {"/",                    // 0
                                              "/orders",              // 1
                                              "/orders/",             // 2
                                              "/orders/{id}",         // 3
                                              "/orders/mine",         // 4
                                              "/orders/{id}/items",   // 5
                                              "/orders/{id}.json",    // 6
                                              "/tiles/{x}x{y}.png",   // 7
                                              "/v1/{name}:cancel",    // 8
                                              "/caf%C3%A9",           // 9
                                              "/files/a-{p}-{q}-z"};  // 10
  Router router;
  for (std::uint32_t i = 0; i < templates.size(); ++i)
    EXPECT_EQ(router.add(templates[i], Method::kGet, i), "");
  struct Case {
    const char* path;
    std::uint32_t operation;
    const char* parameters;
  };
  const Case cases[] = {
      {"/", 0, ""},
      {"/orders", 1, ""},
      {"/orders/", 2, ""},
      {"/orders/7", 3, "7"},
      {"/orders/mine", 4, ""},
      {"/orders/mine/items", 5, "mine"},  // back from the literal
      {"/orders/7/items", 5, "7"},
      {"/orders/7.json", 6, "7"},
      {"/orders/.json", 3, ".json"},  // a parameter is never empty
      {"/orders/7.json/items", 5, "7.json"},
      {"/tiles/3x4.png", 7, "3|4"},
      {"/v1/job:cancel", 8, "job"},
      {"/caf\xC3\xA9", 9, ""},
      {"/files/a-1-2-z", 10, "1|2"},
      {"/orders/7/", kNoOperation, ""},
      {"/ORDERS", kNoOperation, ""},
      {"/tiles/x4.png", kNoOperation, ""},
      {"/tiles/3x.png", kNoOperation, ""},
      {"/v1/:cancel", kNoOperation, ""},
      {"/v1/job", kNoOperation, ""},
      {"/nothing", kNoOperation, ""},
      {"/orders/7/items/8", kNoOperation, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const RouteMatch found = match(router, c.path);
    EXPECT_EQ(found.operation, c.operation);
    EXPECT_EQ(found.path_found, c.operation != kNoOperation);
    if (found.path_found) {
      EXPECT_EQ(parameters(found), c.parameters);
    }
  }
}

TEST(Router, a_segment_that_can_be_divided_in_two_ways_matches_nothing) {
  Router router;
  EXPECT_EQ(router.add("/compare/{base}...{head}", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/p/{owner}-{id}", Method::kGet, 1), "");
  EXPECT_EQ(parameters(match(router, "/compare/main...topic")), "main|topic");
  EXPECT_EQ(parameters(match(router, "/p/alice-1")), "alice|1");
  for (const char* path : {"/compare/a...b...c", "/compare/a....b", "/p/alice-bob-1", "/p/a--1", "/p/-a-1",
                           "/p/a-1-", "/p/a-", "/p/-1"}) {
    EXPECT_FALSE(match(router, path).path_found) << path;
  }
}

TEST(Router, literal_comes_before_partial_segment_before_whole_segment) {
  Router router;
  EXPECT_EQ(router.add("/f/{name}", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/f/{name}.gz", Method::kGet, 1), "");
  EXPECT_EQ(router.add("/f/{name}.tar.gz", Method::kGet, 2), "");
  EXPECT_EQ(router.add("/f/all.tar.gz", Method::kGet, 3), "");
  EXPECT_EQ(match(router, "/f/all.tar.gz").operation, 3U);
  EXPECT_EQ(match(router, "/f/a.tar.gz").operation, 2U);  // more literal text first
  EXPECT_EQ(match(router, "/f/a.gz").operation, 1U);
  EXPECT_EQ(match(router, "/f/a").operation, 0U);
}

TEST(Router, the_path_decides_before_the_method_does) {
  Router router;
  EXPECT_EQ(router.add("/orders/{id}", Method::kDelete, 0), "");
  EXPECT_EQ(router.add("/orders/{id}", Method::kGet, 1), "");
  EXPECT_EQ(router.add("/orders/mine", Method::kGet, 2), "");
  const RouteMatch found = match(router, "/orders/mine", Method::kDelete);
  EXPECT_TRUE(found.path_found);
  EXPECT_EQ(found.operation, kNoOperation);
  EXPECT_EQ(found.allowed_methods, bits({Method::kGet, Method::kHead}));
}

TEST(Router, a_hidden_path_is_not_reached_through_a_wider_template) {
  Router router;
  EXPECT_EQ(router.add("/orders/{id}", Method::kGet, 0), "");
  router.hide("/orders/export");
  router.hide("/orders/{id}/notes");
  EXPECT_EQ(match(router, "/orders/7").operation, 0U);
  EXPECT_FALSE(match(router, "/orders/export").path_found);
  EXPECT_EQ(match(router, "/orders/export").operation, kNoOperation);
  EXPECT_FALSE(match(router, "/orders/7/notes").path_found);
  // What else is served on the path stays, and the hidden method is not among the allowed ones.
  EXPECT_EQ(router.add("/orders/export", Method::kPost, 1), "");
  EXPECT_EQ(match(router, "/orders/export").operation, kNoOperation);
  EXPECT_EQ(match(router, "/orders/export").allowed_methods, bits({Method::kPost}));
}

TEST(Router, a_literal_in_another_case_is_not_taken_for_a_parameter) {
  Router router;
  EXPECT_EQ(router.add("/users/{id}", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/users/me", Method::kGet, 1), "");
  EXPECT_EQ(router.add("/users/v{n}", Method::kGet, 2), "");
  router.hide("/users/export");
  EXPECT_EQ(match(router, "/users/7").operation, 0U);
  EXPECT_EQ(match(router, "/users/me").operation, 1U);
  EXPECT_EQ(match(router, "/users/v2").operation, 2U);
  EXPECT_EQ(match(router, "/users/exporter").operation, 0U);
  EXPECT_EQ(match(router, "/users/m").operation, 0U);
  for (const char* path : {"/users/Me", "/users/ME", "/users/EXPORT", "/users/eXport"})
    EXPECT_FALSE(match(router, path).path_found) << path;
  // Literals that differ by their case alone are told apart, as the document has them.
  EXPECT_EQ(router.add("/users/ME", Method::kGet, 3), "");
  EXPECT_EQ(match(router, "/users/ME").operation, 3U);
  EXPECT_EQ(match(router, "/users/me").operation, 1U);
  EXPECT_FALSE(match(router, "/users/mE").path_found);
}

TEST(Router, the_case_of_letters_is_told_apart_in_templates_and_further_down) {
  Router router;
  EXPECT_EQ(router.add("/users/{id}", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/users/v{n}", Method::kGet, 1), "");
  EXPECT_EQ(router.add("/users/me", Method::kGet, 2), "");
  EXPECT_EQ(router.add("/users/%C3%BCber", Method::kGet, 3), "");
  EXPECT_EQ(router.add("/users/search/recent", Method::kGet, 4), "");
  EXPECT_EQ(router.add("/users/{id}/recent", Method::kGet, 5), "");
  router.hide("/users/{id}.bak");
  EXPECT_EQ(match(router, "/users/v2").operation, 1U);
  EXPECT_FALSE(match(router, "/users/V2").path_found);
  EXPECT_FALSE(match(router, "/users/a.BAK").path_found);
  EXPECT_FALSE(match(router, "/users/ME").path_found);
  EXPECT_EQ(match(router, "/users/A7").operation, 0U);
  EXPECT_EQ(match(router, std::string("/users/\xc3\xbc") + "ber").operation, 3U);
  // Nothing is served at /users/search, whatever its case; below it there is.
  EXPECT_EQ(match(router, "/users/Search").operation, 0U);
  EXPECT_EQ(match(router, "/users/search").operation, 0U);
  EXPECT_EQ(match(router, "/users/search/recent").operation, 4U);
  EXPECT_FALSE(match(router, "/users/Search/recent").path_found);
  EXPECT_EQ(match(router, "/users/7/recent").operation, 5U);
}

TEST(Router, head_is_served_by_get_unless_it_is_declared) {
  Router router;
  EXPECT_EQ(router.add("/a", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/b", Method::kHead, 1), "");
  EXPECT_EQ(router.add("/b", Method::kGet, 2), "");
  EXPECT_EQ(router.add("/c", Method::kPost, 3), "");
  EXPECT_EQ(match(router, "/a", Method::kHead).operation, 0U);
  EXPECT_EQ(match(router, "/a", Method::kHead).allowed_methods, bits({Method::kGet, Method::kHead}));
  EXPECT_EQ(match(router, "/b", Method::kHead).operation, 1U);
  EXPECT_EQ(match(router, "/c", Method::kHead).operation, kNoOperation);
  EXPECT_EQ(match(router, "/c", Method::kHead).allowed_methods, bits({Method::kPost}));
}

TEST(Router, options_and_unknown_methods_are_not_served_unless_declared) {
  Router router;
  EXPECT_EQ(router.add("/a", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/b", Method::kOptions, 1), "");
  EXPECT_EQ(match(router, "/a", Method::kOptions).operation, kNoOperation);
  EXPECT_EQ(match(router, "/b", Method::kOptions).operation, 1U);
  EXPECT_TRUE(match(router, "/a", Method::kOther).path_found);
  EXPECT_EQ(match(router, "/a", Method::kOther).operation, kNoOperation);
}

TEST(Router, the_same_shape_and_method_is_a_conflict) {
  Router router;
  EXPECT_EQ(router.add("/o/{id}/x-{a}", Method::kGet, 0), "");
  EXPECT_EQ(router.add("/o/{id}/x-{a}", Method::kPost, 1), "");
  EXPECT_EQ(router.add("/o/{other}/x-{b}", Method::kGet, 2),
            "another operation has the same method and a path of the same shape");
  EXPECT_EQ(match(router, "/o/1/x-2").operation, 0U);
}

TEST(Router, templates_that_no_request_can_have_are_refused) {
  const std::pair<const char*, const char*> cases[] = {
      {"orders", "the path does not begin with '/'"},
      {"", "the path does not begin with '/'"},
      {"/a/{id", "a '{' is not closed within its segment"},
      {"/a/{i/d}", "a '{' is not closed within its segment"},
      {"/a/{{id}}", "a '{' is not closed within its segment"},
      {"/a/id}", "a '}' closes nothing"},
      {"/a/{}", "a parameter has no name"},
      {"/a/{x}{y}", "two parameters stand side by side with nothing between them"},
      {"/a//b", "no request can have this path"},
      {"/a/../b", "no request can have this path"},
      {"/a/%2F", "no request can have this path"},
      {"/a/{id}#part", "no request can have this path"},
      {"/a b", "no request can have this path"},
  };
  for (const auto& [path, sentence] : cases) {
    Router router;
    EXPECT_TRUE(router.add(path, Method::kGet, 0).starts_with(sentence))
        << path << ": " << router.add(path, Method::kGet, 0);
  }
}

TEST(Router, sixteen_parameters_are_served_and_seventeen_refused) {
  std::string path;
  std::string request;
  for (std::uint32_t i = 0; i < kPathParametersMax; ++i) {
    path += "/{p" + std::to_string(i) + "}";
    request += "/" + std::to_string(i);
  }
  Router router;
  EXPECT_EQ(router.add(path, Method::kGet, 0), "");
  EXPECT_EQ(match(router, request).parameter_count, kPathParametersMax);
  EXPECT_EQ(router.add(path + "/{more}", Method::kGet, 1), "the path has more than 16 parameters");
}

TEST(Router, ten_thousand_operations_are_all_found_and_cost_what_ten_cost) {
  Router router;
  constexpr std::uint32_t kCount = 10'000;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const std::string name = "resource" + std::to_string(i);
    ASSERT_EQ(router.add("/v1/" + name + "/{id}/parts", Method::kGet, i), "");
  }
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const std::string path = "/v1/resource" + std::to_string(i) + "/42/parts";
    const RouteMatch found = match(router, path);
    ASSERT_EQ(found.operation, i);
    ASSERT_EQ(parameters(found), "42");
  }
  EXPECT_FALSE(match(router, "/v1/resource10000/42/parts").path_found);
}

TEST(Router, backtracking_enters_every_node_at_most_once) {
  // Every segment can be a literal or a parameter, and only the very end tells.
  Router router;
  std::uint32_t operation = 0;
  for (std::uint32_t bits_of_path = 0; bits_of_path < 1024; ++bits_of_path) {
    std::string path;
    for (std::uint32_t i = 0; i < 10; ++i) path += (bits_of_path >> i) & 1U ? "/{p}" : "/a";
    ASSERT_EQ(router.add(path + "/end" + std::to_string(bits_of_path), Method::kGet, operation++), "");
  }
  std::string request;
  for (int i = 0; i < 10; ++i) request += "/a";
  EXPECT_EQ(match(router, request + "/end1023").operation, 1023U);
  EXPECT_EQ(match(router, request + "/end1023").parameter_count, 10U);
  EXPECT_FALSE(match(router, request + "/none").path_found);
}

}  // namespace
}  // namespace caponier::plan
