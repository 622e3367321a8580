#include "demo/contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "demo/orders_api.h"
#include "openapi/contract.h"

namespace caponier::demo {
namespace {

struct Loaded {
  Diagnostics diagnostics;
  std::unique_ptr<openapi::Contract> contract;

  Loaded() : contract(openapi::load_contract(contract_text(), "openapi.yaml", diagnostics)) {
    for (const Diagnostic& d : diagnostics.all()) ADD_FAILURE() << to_text(d);
  }
  [[nodiscard]] const openapi::Operation* find(std::string_view id) const {
    for (const auto& operation : contract->operations) {
      if (operation.id == id) return &operation;
    }
    return nullptr;
  }
};

TEST(DemoContract, it_loads_without_a_word_of_complaint) {
  const Loaded loaded;
  ASSERT_NE(loaded.contract, nullptr);
  EXPECT_EQ(loaded.contract->version, openapi::Version::k31);
  std::set<std::string> ids;
  for (const auto& operation : loaded.contract->operations) ids.insert(operation.id);
  EXPECT_EQ(ids, (std::set<std::string>{"listProducts", "getProduct", "listOrders", "createOrder", "getOrder",
                                        "replaceOrder", "deleteOrder", "getReport"}));
}

TEST(DemoContract, every_operation_of_a_customer_names_its_owner_and_only_the_catalog_is_public) {
  const Loaded loaded;
  ASSERT_NE(loaded.contract, nullptr);
  for (const auto& operation : loaded.contract->operations) {
    const bool of_customer = operation.path.starts_with("/customers/");
    const bool of_catalog = operation.path.starts_with("/catalog");
    const Node* const policy = operation.x_caponier;
    EXPECT_EQ(policy != nullptr && policy->find("owner") != nullptr, of_customer) << operation.id;
    EXPECT_EQ(policy != nullptr && policy->find("public") != nullptr, of_catalog) << operation.id;
    EXPECT_EQ(operation.security.empty(), of_catalog) << operation.id;
  }
}

struct Probe {
  std::string operation;
  std::string path;
  std::string body;
};

// What the API answers is what the document says, or the gateway would refuse it.
TEST(DemoContract, every_answer_of_the_api_is_declared) {
  const std::string order = R"({"items":[{"product_id":7,"quantity":2}],"delivery":"pickup"})";
  const std::string unknown = R"({"items":[{"product_id":77,"quantity":2}],"delivery":"pickup"})";
  const Probe probes[] = {
      {"listProducts", "/catalog", ""},
      {"getProduct", "/catalog/1", ""},
      {"getProduct", "/catalog/25", ""},
      {"listOrders", "/customers/alice/orders", ""},
      {"createOrder", "/customers/alice/orders", order},
      {"createOrder", "/customers/alice/orders", unknown},
      {"createOrder", "/customers/alice/orders", "{}"},
      {"getOrder", "/customers/alice/orders/1001", ""},
      {"getOrder", "/customers/alice/orders/1004", ""},
      {"replaceOrder", "/customers/alice/orders/1001", order},
      {"replaceOrder", "/customers/alice/orders/1001", unknown},
      {"replaceOrder", "/customers/alice/orders/1001", "{}"},
      {"replaceOrder", "/customers/alice/orders/1002", order},
      {"replaceOrder", "/customers/alice/orders/9", order},
      {"deleteOrder", "/customers/alice/orders/1003", ""},
      {"deleteOrder", "/customers/alice/orders/9", ""},
      {"getReport", "/admin/report", ""},
  };
  const Loaded loaded;
  ASSERT_NE(loaded.contract, nullptr);
  OrdersApi api;
  for (const Probe& probe : probes) {
    const openapi::Operation* const operation = loaded.find(probe.operation);
    ASSERT_NE(operation, nullptr) << probe.operation;
    const Response response = api.handle({operation->method, probe.path, "", probe.body, 0});
    const auto declared =
        std::find_if(operation->responses.begin(), operation->responses.end(),
                     [&response](const auto& r) { return r.status == std::to_string(response.status); });
    ASSERT_NE(declared, operation->responses.end()) << probe.operation << ' ' << response.status;
    const bool typed =
        std::any_of(declared->content.begin(), declared->content.end(),
                    [&response](const auto& content) { return content.media_type == response.content_type; });
    EXPECT_EQ(typed, !response.body.empty()) << probe.operation << ' ' << response.status;
  }
}

}  // namespace
}  // namespace caponier::demo
