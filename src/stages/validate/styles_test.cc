// Every style of a parameter, exploded and not, as values of every kind.
#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"
#include "stages/validate/parameters.h"

namespace caponier::stages {
namespace {

// One operation with one parameter, whose schema allows an integer under 10, a list or an object of them, or
// the text "x;y".
struct Site {
  explicit Site(std::string_view parameter, std::string_view path = "/p", std::string_view schema = kUnion)
      : world("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  " + std::string(path) +
                  ":\n    get:\n      security: []\n      x-caponier: {public: {reason: test}}\n      "
                  "parameters: [{name: n, " +
                  std::string(parameter) + ", schema: " + std::string(schema) +
                  "}]\n      responses: {'200': {description: ok}}\n",
              "upstream: http://127.0.0.1:9000\n") {}

  // "ok" and what goes upstream, or the reason.
  std::string judge(std::string_view target, std::string_view headers = {}) const {
    Request request(world, get(target, {}, headers));
    auto matched = match(request.exchange);
    if (!matched) return std::string(id(matched.denial()->reason));
    auto verdict = validate_parameters(request.exchange, *matched);
    if (!verdict) return std::string(id(verdict.denial()->reason));
    std::string sent(matched->canonical_path);
    if (!verdict->canonical_query.empty()) sent.append("?").append(verdict->canonical_query);
    if (!verdict->cookies.empty()) sent.append(" ").append(verdict->cookies);
    return sent;
  }

  static constexpr std::string_view kUnion =
      "{oneOf: [{type: integer, maximum: 9}, {type: array, maxItems: 2, items: {type: integer, maximum: 9}}, "
      "{type: "
      "object, required: [a], properties: {a: {type: integer, maximum: 9}, b: {type: boolean}}}]}";
  static constexpr std::string_view kList = "{type: array, maxItems: 2, items: {type: string, maxLength: 3}}";
  World world;
};

constexpr std::string_view kInvalid = "parameter-invalid";

TEST(Styles, of_paths_read_every_kind_of_value) {
  struct Case {
    std::string_view style, scalar, list, object, long_list;
  };
  for (const Case& c : {
           Case{"style: simple", "7", "7,8", "a,7,b,true", "1,2,3"},
           Case{"style: simple, explode: true", "7", "7,8", "a=7,b=true", "1,2,3"},
           Case{"style: label", ".7", ".7,8", ".a,7,b,true", ".1,2,3"},
           Case{"style: label, explode: true", ".7", ".7.8", ".a=7.b=true", ".1.2.3"},
           Case{"style: matrix", ";n=7", ";n=7,8", ";n=a,7,b,true", ";n=1,2,3"},
           Case{"style: matrix, explode: true", ";n=7", ";n=7;n=8", ";a=7;b=true", ";n=1;n=2;n=3"},
       }) {
    const Site site("in: path, required: true, " + std::string(c.style), "/p/{n}");
    for (const std::string_view value : {c.scalar, c.list, c.object}) {
      const std::string target = "/p/" + std::string(value);
      EXPECT_EQ(site.judge(target), target) << c.style;
    }
    for (const std::string& value :
         {std::string(c.long_list), std::string(c.scalar) + "0", std::string("x")}) {
      EXPECT_EQ(site.judge("/p/" + value), kInvalid) << c.style << value;
    }
  }
}

TEST(Styles, a_semicolon_in_a_path_stands_only_where_it_is_declared) {
  const Site site("in: path, required: true, style: matrix, explode: true", "/p/{n}/q", Site::kList);
  EXPECT_EQ(site.judge("/p/;n=a;n=b/q"), "/p/;n=a;n=b/q");
  EXPECT_EQ(site.judge("/p/;n=a%3Bb/q"), "/p/;n=a%3Bb/q");
  for (const char* stray : {"/p/;n=a/q;x=1", "/p;x=1/;n=a/q", "/p;/x/q", "/other;x=1", "/p/;n=a/q%3B"}) {
    EXPECT_EQ(site.judge(stray), "path-ambiguous") << stray;
  }
  const Site plain("in: path, required: true", "/p/{n}", "{type: string}");
  EXPECT_EQ(plain.judge("/p/a;b"), "path-ambiguous");
}

TEST(Styles, an_encoded_delimiter_of_a_list_stays_encoded_on_its_way) {
  const Site site("in: path, required: true", "/p/{n}", Site::kList);
  EXPECT_EQ(site.judge("/p/a%2cb,%63"), "/p/a%2Cb,c");
  EXPECT_EQ(site.judge("/p/a,b%2Cc"), "/p/a,b%2Cc");
  EXPECT_EQ(site.judge("/p/a,b,c"), kInvalid);
  EXPECT_EQ(site.judge("/p/a%2Cbb"), kInvalid);
}

TEST(Styles, of_queries_read_every_kind_of_value) {
  struct Case {
    std::string_view style, list, object;
    std::vector<std::string_view> bad;
  };
  for (const Case& c : std::vector<Case>{
           {"style: form",
            "n=7&n=8",
            "a=7&b=true",
            {"n=1&n=2&n=3", "n=x", "a=7&a=8", "a=10", "c=1", "b=true", "n=7,8"}},
           {"style: form, explode: false",
            "n=7,8",
            "n=a,7,b,true",
            {"n=7&n=8", "n=1,2,3", "n=a,7,b", "a=7", "n=a,7,a,8"}},
       }) {
    const Site site("in: query, " + std::string(c.style));
    for (const std::string_view value : {std::string_view("n=7"), c.list, c.object}) {
      // An exploded object has no place beside a list: what declares both is read by its members.
      if (c.style == "style: form" && value.starts_with("n")) continue;
      const std::string target = "/p?" + std::string(value);
      EXPECT_EQ(site.judge(target), target) << c.style;
    }
    for (const std::string_view value : c.bad) {
      EXPECT_NE(site.judge("/p?" + std::string(value)), "/p?" + std::string(value)) << c.style << value;
    }
  }
  const Site space("in: query, style: spaceDelimited, explode: false");
  EXPECT_EQ(space.judge("/p?n=7+8"), "/p?n=7%208");
  EXPECT_EQ(space.judge("/p?n=7%208"), "/p?n=7%208");
  EXPECT_EQ(space.judge("/p?n=a%207"), "/p?n=a%207");
  EXPECT_EQ(space.judge("/p?n=1+2+3"), kInvalid);
  const Site pipe("in: query, style: pipeDelimited, explode: false");
  EXPECT_EQ(pipe.judge("/p?n=7%7c8"), "/p?n=7%7C8");
  EXPECT_EQ(pipe.judge("/p?n=a%7C7"), "/p?n=a%7C7");
  EXPECT_EQ(pipe.judge("/p?n=7,8"), kInvalid);
  const Site list("in: query, style: pipeDelimited, explode: true", "/p", Site::kList);
  EXPECT_EQ(list.judge("/p?n=a&n=b"), "/p?n=a&n=b");
}

TEST(Styles, deep_objects_are_read_down_to_their_bound) {
  const Site site(
      "in: query, style: deepObject", "/p",
      "{type: object, properties: {a: {type: object, properties: {b: {type: object, properties: {c: {type: "
      "object, properties: {d: {type: integer}, e: {type: object, properties: {f: {type: integer}}}}}}}}}, "
      "l: "
      "{type: array, items: {type: integer}}}}");
  EXPECT_EQ(site.judge("/p?n[a][b][c][d]=1&n[l]=1&n[l]=2"),
            "/p?n%5Ba%5D%5Bb%5D%5Bc%5D%5Bd%5D=1&n%5Bl%5D=1&n%5Bl%5D=2");
  EXPECT_EQ(site.judge("/p?n[l]=1"), "/p?n%5Bl%5D=1");
  for (const char* bad : {"n[a][b][c][e][f]=1", "n[x]=1", "n[a]=1", "n[l]=x", "n[]=1", "n[a=1", "n[a][b]=1",
                          "n[a][b][c][d]=1&n[a]=2", "n[a][b][c][d]=1&n[a][b][c][d]=2"}) {
    EXPECT_EQ(site.judge("/p?" + std::string(bad)), kInvalid) << bad;
  }
  EXPECT_EQ(site.judge("/p?n=1"), "parameter-undeclared");
}

TEST(Styles, of_headers_read_every_kind_of_value) {
  for (const auto& [style, object] :
       {std::pair("explode: false", "a,7,b,true"), {"explode: true", "a=7, b=true"}}) {
    const Site site(std::string("in: header, ") + style);
    for (const std::string value : {"7", "7, 8", object}) {
      EXPECT_EQ(site.judge("/p", "N: " + value + "\r\n"), "/p") << style << value;
    }
    for (const std::string value : {"10", "1,2,3", "x", "a,10", "a=10"}) {
      EXPECT_EQ(site.judge("/p", "N: " + value + "\r\n"), kInvalid) << style << value;
    }
    EXPECT_EQ(site.judge("/p", "N: 1\r\nn: 2\r\n"), "parameter-repeated");
  }
}

TEST(Styles, of_cookies_read_every_kind_of_value_and_nothing_else_goes_on) {
  const Site list("in: cookie", "/p", Site::kList);
  EXPECT_EQ(list.judge("/p", "Cookie: x=1; n=a; n=%62\r\nCookie: y=2\r\n"), "/p n=a; n=%62");
  EXPECT_EQ(list.judge("/p", "Cookie: n=a; n=b; n=c\r\n"), kInvalid);
  EXPECT_EQ(list.judge("/p", "Cookie: n=%zz\r\n"), kInvalid);
  const Site united("in: cookie, explode: false");
  for (const std::string value : {"7", "7,8", "a,7"}) {
    EXPECT_EQ(united.judge("/p", "Cookie: n=" + value + "\r\n"), "/p n=" + value);
  }
  EXPECT_EQ(united.judge("/p", "Cookie: n=1; n=2\r\n"), "parameter-repeated");
  EXPECT_EQ(united.judge("/p", "Cookie: n=10\r\n"), kInvalid);
  EXPECT_EQ(united.judge("/p", "Cookie: session=secret\r\n"), "/p");
  const Site object("in: cookie", "/p", "{type: object, properties: {a: {type: integer}}}");
  EXPECT_EQ(object.judge("/p", "Cookie: a=1; z=2\r\n"), "/p a=1");
  EXPECT_EQ(object.judge("/p", "Cookie: a=x\r\n"), kInvalid);
  const Site required("in: cookie, required: true", "/p", "{type: string}");
  EXPECT_EQ(required.judge("/p"), "parameter-missing");
  // With these some readers end the value early, or see another cookie.
  EXPECT_EQ(required.judge("/p", "Cookie: n=a%20b!#$&'()*+-./:<=>?@[]^_`{|}~\r\n"),
            "/p n=a%20b!#$&'()*+-./:<=>?@[]^_`{|}~");
  for (const std::string value :
       {"a role=admin", "a\trole=admin", "\"x", "\"x\"", "a\\054", "a,role=admin", "\xc3\xa9"})
    EXPECT_EQ(required.judge("/p", "Cookie: n=" + value + "\r\n"), kInvalid) << value;
  EXPECT_EQ(required.judge("/p", "Cookie: other=\"; n=a\r\n"), "/p n=a") << "of others nothing is said";
  std::string many = "Cookie: ";
  const std::uint32_t most = list.world.plan->limits.parameters_max;
  for (std::uint32_t i = 0; i < most; ++i) many += "n=a; ";
  EXPECT_EQ(list.judge("/p", many + "\r\n"), kInvalid);  // more items than the schema allows
  const Site single("in: cookie", "/p", "{type: array, items: {type: string}, maxItems: 1000}");
  EXPECT_NE(single.judge("/p", many + "\r\n"), kInvalid);
  EXPECT_EQ(single.judge("/p", many + "n=a\r\n"), kInvalid);
}

TEST(Styles, reserved_characters_stand_bare_where_that_is_allowed) {
  const Site allowed("in: query, allowReserved: true", "/p", "{type: string}");
  EXPECT_EQ(allowed.judge("/p?n=a/b?c:d@e;f"), "/p?n=a%2Fb%3Fc%3Ad%40e%3Bf");
  const Site refused("in: query", "/p", "{type: string}");
  EXPECT_EQ(refused.judge("/p?n=a;b"), "query-malformed");
}

}  // namespace
}  // namespace caponier::stages
