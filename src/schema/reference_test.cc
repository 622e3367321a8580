#include "schema/reference.h"

#include <gtest/gtest.h>

namespace caponier::schema {
namespace {

TEST(Reference, resolves_the_examples_of_rfc_3986) {
  const std::string_view base = "http://a/b/c/d;p?q";
  const struct {
    std::string_view reference;
    std::string_view target;
  } kCases[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
  };
  for (const auto& row : kCases)
    EXPECT_EQ(resolve_reference(base, row.reference), row.target) << row.reference;
}

TEST(Reference, keeps_names_that_have_no_path) {
  EXPECT_EQ(resolve_reference("urn:uuid:de-ad", "#a"), "urn:uuid:de-ad#a");
  EXPECT_EQ(resolve_reference("", "#/a"), "#/a");
  EXPECT_EQ(resolve_reference("api/openapi.yaml", "../schemas/a.json"), "schemas/a.json");
  EXPECT_EQ(resolve_reference("openapi.yaml", "./a.json"), "a.json");
}

TEST(Reference, fragments_are_decoded_once) {
  const SplitReference split = split_reference("http://a/b#/x%25y%2525/%zz");
  EXPECT_EQ(split.uri, "http://a/b");
  EXPECT_EQ(split.fragment, "/x%y%25/%zz");
}

}  // namespace
}  // namespace caponier::schema
