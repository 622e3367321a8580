// Public means said so: an operation that asks for no credential loads only with a reason, and a credential
// that is shown and wrong is refused there as well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

std::string document(const std::string& root_security, const std::string& security,
                     const std::string& policy) {
  return "openapi: 3.1.0\n"
         "info: {title: T, version: '1'}\n"
         "servers: [{url: /}]\n" +
         root_security +
         "paths:\n"
         "  /thing:\n"
         "    get:\n" +
         security + policy +
         "      responses: {'200': {description: ok, content: {text/plain: {}}}}\n"
         "components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}\n";
}

constexpr const char* kReason = "      x-caponier: {public: {reason: 'the weather is nobody''s secret'}}\n";

struct Case {
  const char* name;
  const char* root_security;
  const char* security;
};

// Shown instead of its bytes.
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class Public : public testing::TestWithParam<Case> {
 protected:
  Upstream upstream_{echoing()};
};

TEST_P(Public, without_a_reason_the_document_does_not_load) {
  const TestFolder folder;
  const std::string contract =
      folder.write("api.yaml", document(GetParam().root_security, GetParam().security, ""));
  for (const char* verb : {"run", "check"}) {
    const Finished done = run_caponier({verb, "--dev", "--contract", contract, "--upstream", upstream_.url(),
                                        "--listen", "127.0.0.1:0", "--state-dir", folder.file("state")});
    EXPECT_EQ(done.status, 2) << verb;
    EXPECT_THAT(done.err, testing::ContainsRegex("api\\.yaml:[0-9]+:[0-9]+: error: "));
    EXPECT_THAT(done.err, HasSubstr("public"));
    EXPECT_THAT(done.err, HasSubstr("reason"));
  }
}

TEST_P(Public, with_a_reason_it_is_served_but_never_to_an_invalid_credential) {
  Gateway gateway({.contract = document(GetParam().root_security, GetParam().security, kReason),
                   .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(request_text("GET", "/thing")).status(), 200);
  const std::string token = gateway.token("alice", "");
  EXPECT_EQ(gateway.ask(request_text("GET", "/thing", bearer(token))).status(), 200);
  const std::size_t allowed = upstream_.requests().size();
  std::string wrong = token;
  wrong[wrong.size() - 10] = wrong[wrong.size() - 10] == 'A' ? 'B' : 'A';
  for (const std::string& bad : {wrong, std::string("nonsense"), token.substr(0, token.rfind('.') + 1)}) {
    const Message refused = gateway.ask(request_text("GET", "/thing", bearer(bad)));
    EXPECT_EQ(refused.status(), 401);
  }
  EXPECT_EQ(upstream_.requests().size(), allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Documents, Public,
    testing::Values(Case{"security_is_empty", "", "      security: []\n"},
                    Case{"security_is_one_empty_alternative", "", "      security: [{}]\n"},
                    Case{"one_alternative_is_empty", "", "      security: [{bearer: []}, {}]\n"},
                    Case{"security_is_absent", "", ""},
                    Case{"inherited_security_is_taken_away", "security: [{bearer: []}]\n",
                         "      security: []\n"}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace caponier::e2e
