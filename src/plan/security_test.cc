#include "plan/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

std::string operation(std::string_view members) {
  return "  /orders:\n    get:\n      operationId: listOrders\n" + std::string(members) +
         "      responses: {'200': {description: ok}}\n";
}

TEST(Public, an_operation_that_needs_nothing_loads_only_with_the_word_public) {
  struct Case {
    const char* security;
    const char* at;
    const char* why;
  };
  const Case cases[] = {
      {"", "api.yaml:6:5", "neither the operation nor the document says who may call"},
      {"      security: []\n", "api.yaml:8:7", "its security is empty"},
      {"      security: [{}]\n", "api.yaml:8:7", "one of its security alternatives needs no credential"},
      {"      security: [{bearer: []}, {}]\n", "api.yaml:8:7",
       "one of its security alternatives needs no credential"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.security);
    const Compiled refused = compile({document(operation(c.security))});
    EXPECT_EQ(refused.plan, nullptr);
    EXPECT_THAT(refused.errors(),
                testing::StartsWith(std::string(c.at) + ": error: anyone may call this operation, because " +
                                    c.why + " [public-unsaid]"));
    EXPECT_THAT(
        refused.errors(),
        HasSubstr(
            "(api.yaml:6:5): \"x-caponier\": {\"public\": {\"reason\": \"why anyone may call this\"}}"));
    EXPECT_THAT(refused.errors(), HasSubstr("operations: [{operation: listOrders, public: {reason: "));

    const Compiled said = compile({document(
        operation(std::string(c.security) + "      x-caponier: {public: {reason: status page}}\n"))});
    ASSERT_NE(said.plan, nullptr) << said.errors();
    EXPECT_TRUE(said.plan->operations[0].is_public);
    EXPECT_EQ(said.plan->operations[0].public_reason, "status page");
    EXPECT_TRUE(said.plan->operations[0].alternatives.back().all.empty());

    const Compiled by_config = compile(
        {document(operation(c.security)),
         std::string(kUpstream) + "operations: [{operation: listOrders, public: {reason: status page}}]\n"});
    ASSERT_NE(by_config.plan, nullptr) << by_config.errors();
  }
}

TEST(Public, the_word_beside_a_demanded_credential_is_a_contradiction) {
  const Compiled own = compile(
      {document(operation("      security: [{bearer: []}]\n      x-caponier: {public: {reason: r}}\n"))});
  EXPECT_THAT(own.errors(), HasSubstr("api.yaml:9:20: error: the operation is called public, and its "
                                      "security (api.yaml:8:7) demands a credential"));
  // A pattern that covers more than this operation does not open it, and does not disturb it.
  const Compiled wide =
      compile({document(operation("      security: [{bearer: []}]\n")),
               std::string(kUpstream) + "operations: [{path: '* /**', public: {reason: r}}]\n"});
  ASSERT_NE(wide.plan, nullptr) << wide.errors();
  EXPECT_FALSE(wide.plan->operations[0].is_public);
  EXPECT_EQ(wide.plan->operations[0].alternatives.size(), 1U);
}

TEST(Public, is_not_said_for_everything_at_once) {
  for (const CompileCase& c :
       {CompileCase{document(operation(""), "", "x-caponier: {public: {reason: r}}\n")},
        CompileCase{document(operation("")), std::string(kUpstream) + "defaults: {public: {reason: r}}\n"}}) {
    EXPECT_THAT(compile(c).errors(), HasSubstr("\"public\" is not inherited by every operation"));
  }
  const Compiled path =
      compile({document("  /status:\n    x-caponier: {public: {reason: r}}\n    get: {responses: {'200': "
                        "{description: ok}}}\n")});
  EXPECT_NE(path.plan, nullptr) << path.errors();
}

TEST(Security, and_or_and_scopes_are_kept) {
  const Compiled compiled =
      compile({document(operation("      security: [{bearer: [read], key: []}, {bearer: [admin]}]\n"),
                        "    key: {type: apiKey, in: header, name: X-Key}\n")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const Operation& operation = compiled.plan->operations[0];
  ASSERT_EQ(operation.alternatives.size(), 2U);
  ASSERT_EQ(operation.alternatives[0].all.size(), 2U);
  EXPECT_EQ(operation.alternatives[0].all[0].scopes, std::vector<std::string>{"read"});
  EXPECT_EQ(compiled.plan->schemes[operation.alternatives[0].all[1].scheme].place.name, "x-key");
  EXPECT_EQ(operation.alternatives[1].all[0].scopes, std::vector<std::string>{"admin"});
  EXPECT_FALSE(operation.is_public);
  EXPECT_EQ(operation.security_where.text, "api.yaml:8:7");
}

TEST(Security, two_credentials_in_one_header_contradict_each_other) {
  const Compiled compiled = compile({document(operation("      security: [{bearer: [], other: []}]\n"),
                                              "    other: {type: oauth2, flows: {}, x-google-issuer: "
                                              "'https://issuer.example', x-google-audiences: api}\n")});
  EXPECT_THAT(compiled.errors(), HasSubstr("schemes \"bearer\" and \"other\" are demanded together, and both "
                                           "are read from the header \"authorization\""));
}

TEST(Security, schemes_that_are_not_enforced_stop_the_operations_that_need_them) {
  const std::pair<const char*, const char*> cases[] = {
      {"{type: http, scheme: digest}", "HTTP digest"},
  };
  for (const auto& [scheme, kind] : cases) {
    const std::string schemes = "    other: " + std::string(scheme) + "\n";
    const Compiled needed =
        compile({document(operation("      security: [{bearer: []}, {other: []}]\n"), schemes)});
    EXPECT_EQ(needed.plan, nullptr);
    EXPECT_THAT(needed.errors(),
                HasSubstr("security scheme \"other\" is " + std::string(kind) +
                          ", which is not enforced yet; needed by GET /orders [not-enforced-yet]"));
    EXPECT_THAT(needed.errors(), HasSubstr("api.yaml:13:5: error"));
    EXPECT_NE(compile({document(operation("      security: [{bearer: []}]\n"), schemes)}).plan, nullptr)
        << kind;
    const Compiled hidden = compile(
        {document(operation("      security: [{other: []}]\n      x-caponier: {exposed: false}\n") +
                      "  /b:\n    get: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n",
                  schemes)});
    EXPECT_NE(hidden.plan, nullptr) << hidden.errors();
  }
}

TEST(Security, schemes_that_nobody_demands_are_there_to_judge_what_is_presented) {
  const char* const open = "      security: []\n      x-caponier: {public: {reason: r}}\n";
  const Compiled judged = compile({document(operation(open))});
  ASSERT_NE(judged.plan, nullptr) << judged.errors();
  ASSERT_EQ(judged.plan->schemes.size(), 1U);
  EXPECT_EQ(judged.plan->schemes[0].name, "bearer");
  ASSERT_EQ(judged.plan->issuers.size(), 1U);
  // What cannot be enforced is not missed.
  const Compiled unknown = compile({document(operation(open),
                                             "    other: {type: http, scheme: bearer}\n"
                                             "    key: {type: apiKey, in: query, name: k}\n")});
  ASSERT_NE(unknown.plan, nullptr) << unknown.errors();
  EXPECT_EQ(unknown.plan->schemes.size(), 1U);
}

TEST(Security, the_configuration_adds_security_only_where_the_document_is_silent) {
  const std::string adding = std::string(kUpstream) + "defaults: {security: [{bearer: [read]}]}\n";
  const Compiled silent = compile({document(operation("")), adding});
  ASSERT_NE(silent.plan, nullptr) << silent.errors();
  EXPECT_EQ(silent.plan->operations[0].alternatives[0].all[0].scopes, std::vector<std::string>{"read"});
  EXPECT_EQ(silent.plan->operations[0].security_where.text, "caponier.yaml:2:12");
  const Compiled speaking = compile({document(operation("      security: [{bearer: []}]\n")), adding});
  ASSERT_NE(speaking.plan, nullptr) << speaking.errors();
  EXPECT_TRUE(speaking.plan->operations[0].alternatives[0].all[0].scopes.empty());
  const Compiled against = compile(
      {document(operation("      security: [{bearer: []}]\n")),
       std::string(kUpstream) + "operations: [{operation: listOrders, security: [{bearer: [admin]}]}]\n"});
  EXPECT_THAT(against.errors(),
              HasSubstr("the document says already who may call this operation (api.yaml:8:7)"));
  const Compiled unknown =
      compile({document(operation("")), std::string(kUpstream) + "defaults: {security: [{baerer: []}]}\n"});
  EXPECT_THAT(unknown.errors(), HasSubstr("no security scheme is called \"baerer\" [unknown-scheme]"));
  EXPECT_THAT(unknown.errors(), HasSubstr("did you mean \"bearer\"?"));
  const Compiled open = compile(
      {document(operation("")), std::string(kUpstream) + "defaults: {security: [{bearer: []}, {}]}\n"});
  EXPECT_THAT(open.errors(), HasSubstr("[public-unsaid]"));
}

TEST(Security, a_bearer_scheme_may_stand_in_the_configuration_alone) {
  const std::string bare =
      "openapi: 3.0.3\ninfo: {title: T, version: '1'}\nservers: [{url: 'https://a.example'}]\npaths:\n  "
      "/a:\n    get: {responses: {'200': {description: ok}}}\n";
  const std::string config = std::string(kUpstream) +
                             "issuers: [{issuer: 'https://issuer.example', audiences: [api]}]\n"
                             "security_schemes: {jwt: {issuer: 'https://issuer.example'}}\n";
  const Compiled used = compile({bare, config + "defaults: {security: [{jwt: [read]}]}\n"});
  ASSERT_NE(used.plan, nullptr) << used.errors();
  EXPECT_EQ(used.plan->schemes[0].name, "jwt");
  const Compiled unused = compile({bare, config + "operations: [{path: 'GET /a', public: {reason: r}}]\n"});
  EXPECT_THAT(unused.errors(),
              HasSubstr("the document has no security scheme \"jwt\", and no operation here demands it"));
}

TEST(Owner, is_a_claim_that_equals_a_parameter_of_the_path) {
  const std::string path =
      "  /customers/{customer}/orders/{id}:\n"
      "    parameters:\n"
      "    - {name: customer, in: path, required: true, schema: {type: string}}\n"
      "    - {name: id, in: path, required: true, schema: {type: string}}\n"
      "    get:\n";
  const std::string rest = "      responses: {'200': {description: ok}}\n";
  const std::string secured = "      security: [{bearer: []}]\n";
  const Compiled good =
      compile({document(path + secured + "      x-caponier: {owner: {claim: sub, parameter: id}}\n" + rest)});
  ASSERT_NE(good.plan, nullptr) << good.errors();
  EXPECT_EQ(good.plan->operations[0].owner->parameter_index, 1U);
  EXPECT_EQ(good.plan->operations[0].owner->where.text, "api.yaml:11:20");
  const Compiled inherited =
      compile({document(path + secured + rest),
               std::string(kUpstream) + "defaults: {owner: {claim: sub, parameter: customer}}\n"});
  ASSERT_NE(inherited.plan, nullptr) << inherited.errors();
  EXPECT_EQ(inherited.plan->operations[0].owner->parameter_index, 0U);

  struct Case {
    std::string members;
    std::string config;
    const char* error;
  };
  const Case cases[] = {
      {secured + "      x-caponier: {owner: {claim: sub, parameter: custmer}}\n", "",
       "has no parameter \"custmer\" [owner-parameter]"},
      {secured + "      x-caponier: {owner: {claim: '', parameter: id}}\n", "", "the text is empty"},
      {secured + "      x-caponier: {owner: {parameter: id}}\n", "",
       "\"owner\" needs a claim and a path parameter"},
      {"      x-caponier: {public: {reason: r}, owner: {claim: sub, parameter: id}}\n", "",
       "[owner-of-public]"},
      {secured, "defaults: {owner: {claim: sub, parameter: tenant}}\n",
       "no exposed path has the parameter \"tenant\""},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(compile({document(path + c.members + rest), std::string(kUpstream) + c.config}).errors(),
                HasSubstr(c.error));
  }
}

}  // namespace
}  // namespace caponier::plan
