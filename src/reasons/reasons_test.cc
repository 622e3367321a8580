#include "reasons/reasons.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace caponier {
namespace {

TEST(Reasons, each_is_found_by_its_id_and_by_its_value) {
  std::set<std::string_view> ids;
  for (const ReasonEntry& e : all_reasons()) {
    EXPECT_EQ(&entry(e.reason), &e) << e.id;
    EXPECT_EQ(find_reason(e.id), e.reason) << e.id;
    EXPECT_TRUE(ids.insert(e.id).second) << "twice: " << e.id;
  }
  EXPECT_EQ(find_reason("no-such-reason"), std::nullopt);
  EXPECT_EQ(find_reason(""), std::nullopt);
}

TEST(Reasons, ids_are_kebab_case_and_answers_are_errors) {
  for (const ReasonEntry& e : all_reasons()) {
    EXPECT_EQ(e.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string_view::npos)
        << e.id;
    EXPECT_TRUE(e.status == 0 || (e.status >= 400 && e.status <= 599)) << e.id;
    EXPECT_FALSE(e.meaning.empty()) << e.id;
    EXPECT_TRUE(e.status != 0 || e.public_text.empty()) << e.id;
  }
}

// What a client is told about who it is and what it may do is the status, in words.
TEST(Reasons, authentication_and_authorization_tell_nothing_apart_from_the_status) {
  std::set<std::string_view> of_401;
  std::set<std::string_view> of_403;
  std::set<std::string_view> of_404;
  for (const ReasonEntry& e : all_reasons()) {
    // Said of the transport, before anybody asks who it is.
    if (e.reason == Reason::kHttpsRequired || e.reason == Reason::kCredentialExposed) continue;
    if (e.status == 401) of_401.insert(e.public_text);
    if (e.status == 403) of_403.insert(e.public_text);
    if (e.status == 404) of_404.insert(e.public_text);
  }
  EXPECT_EQ(of_401.size(), 1U);
  EXPECT_LE(of_403.size(), 1U);
  EXPECT_EQ(of_404.size(), 1U);
}

TEST(Reasons, a_value_that_is_none_is_a_defect_of_ours) {
  EXPECT_EQ(entry(static_cast<Reason>(0xffff)).reason, Reason::kInternalError);
}

}  // namespace
}  // namespace caponier
