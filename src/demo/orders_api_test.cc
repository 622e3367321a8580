#include "demo/orders_api.h"

#include <gtest/gtest.h>

#include "demo/catalog.h"
#include "json/document.h"

namespace caponier::demo {
namespace {

using http::Method;

constexpr std::int64_t kNowMs = 1'769'903'999'123;
const std::string kOrder = R"({"items":[{"product_id":7,"quantity":2}],"delivery":"pickup"})";

Response call(OrdersApi& api, Method method, const std::string& path, const std::string& body = "",
              const std::string& query = "") {
  return api.handle({method, path, query, body, kNowMs});
}

// A whole number inside a JSON object, by name.
std::int64_t number(const Response& response, std::string_view key) {
  json::Document document;
  const auto root = document.read(response.body, JsonLimits{});
  EXPECT_TRUE(root.ok()) << response.body;
  const auto member = root.ok() ? root->find(key) : std::nullopt;
  return member ? member->integer() : -1;
}

std::uint32_t elements(const Response& response) {
  json::Document document;
  const auto root = document.read(response.body, JsonLimits{});
  EXPECT_TRUE(root.ok() && root->is(json::Kind::kArray)) << response.body;
  return root.ok() ? root->size() : 0;
}

struct Case {
  Method method;
  std::string path;
  std::uint16_t status;
  std::string query = {};
  std::string body = {};
};

TEST(OrdersApi, each_request_gets_the_status_that_is_declared_for_it) {
  const Case cases[] = {
      {Method::kGet, "/catalog", 200},
      {Method::kGet, "/catalog/1", 200},
      {Method::kGet, "/catalog/24", 200},
      {Method::kGet, "/catalog/25", 404},
      {Method::kGet, "/catalog/x", 404},
      {Method::kGet, "/catalog/", 404},
      {Method::kGet, "/catalog/1/", 404},
      {Method::kPost, "/catalog", 405},
      {Method::kDelete, "/catalog/1", 405},
      {Method::kGet, "/admin/report", 200},
      {Method::kPut, "/admin/report", 405},
      {Method::kGet, "/admin", 404},
      {Method::kGet, "/", 404},
      {Method::kGet, "", 404},
      {Method::kGet, "/customers", 404},
      {Method::kGet, "/customers/alice", 404},
      {Method::kGet, "/customers/Alice/orders", 404},
      {Method::kGet, "/customers/" + std::string(32, 'a') + "/orders", 200},
      {Method::kGet, "/customers/" + std::string(33, 'a') + "/orders", 404},
      {Method::kGet, "/customers/alice/orders", 200},
      {Method::kGet, "/customers/alice/orders", 200, "status=open&limit=1"},
      {Method::kGet, "/customers/alice/orders", 200, "limit=100"},
      {Method::kGet, "/customers/alice/orders", 400, "limit=101"},
      {Method::kGet, "/customers/alice/orders", 400, "limit=0"},
      {Method::kGet, "/customers/alice/orders", 400, "status=lost"},
      {Method::kDelete, "/customers/alice/orders", 405},
      {Method::kPost, "/customers/alice/orders", 201, "", kOrder},
      {Method::kPost, "/customers/alice/orders", 400, "", "{}"},
      {Method::kPost, "/customers/alice/orders", 400, "", "{"},
      {Method::kPost, "/customers/alice/orders", 400, "", "[]"},
      {Method::kPost, "/customers/alice/orders", 422, "",
       R"({"items":[{"product_id":77,"quantity":2}],"delivery":"pickup"})"},
      {Method::kGet, "/customers/alice/orders/1001", 200},
      {Method::kGet, "/customers/alice/orders/1004", 404},  // bob's
      {Method::kGet, "/customers/nobody/orders/1001", 404},
      {Method::kGet, "/customers/alice/orders/4294968297", 404},  // 1001 + 2^32
      {Method::kGet, "/customers/alice/orders/1001/", 404},
      {Method::kPut, "/customers/alice/orders/1001", 200, "", kOrder},
      {Method::kPut, "/customers/alice/orders/1001", 400, "", "no"},
      {Method::kPut, "/customers/alice/orders/1002", 409, "", kOrder},  // shipped
      {Method::kPut, "/customers/alice/orders/77", 404, "", kOrder},
      {Method::kPatch, "/customers/alice/orders/1001", 405},
      {Method::kDelete, "/customers/alice/orders/77", 404},
      {Method::kDelete, "/customers/alice/orders/1003", 204},
  };
  for (const Case& c : cases) {
    OrdersApi api;
    const Response response = call(api, c.method, c.path, c.body, c.query);
    EXPECT_EQ(response.status, c.status)
        << name(c.method) << ' ' << c.path << ' ' << c.query << ' ' << c.body;
    const bool has_body = !response.body.empty();
    EXPECT_EQ(has_body, c.status != 204);
    EXPECT_EQ(response.content_type, c.status == 204  ? ""
                                     : c.status < 400 ? "application/json"
                                                      : "application/problem+json");
    EXPECT_TRUE(c.status < 400 || number(response, "status") == c.status) << response.body;
    EXPECT_EQ(response.allow.empty(), c.status != 405);
  }
}

TEST(OrdersApi, what_is_created_can_be_read_changed_and_deleted) {
  OrdersApi api;
  const Response created =
      call(api, Method::kPost, "/customers/dora/orders",
           R"({"items":[{"product_id":7,"quantity":2,"note":"a \"note\""}],"delivery":"express",)"
           R"("address":{"street":"S 1","city":"C","postal_code":"12345","country":"DE"},)"
           R"("coupon":"WELCOME","gift_message":"für dich","isAdmin":true})");
  ASSERT_EQ(created.status, 201);
  EXPECT_EQ(created.location, "/customers/dora/orders/1007");
  EXPECT_EQ(created.body,
            R"({"id":1007,"customer_id":"dora","status":"open","created_at":"2026-01-31T23:59:59.123Z",)"
            R"("items":[{"product_id":7,"quantity":2,"note":"a \"note\""}],"delivery":"express",)"
            R"("address":{"street":"S 1","city":"C","postal_code":"12345","country":"DE"},)"
            R"("coupon":"WELCOME","gift_message":"für dich","total_cents":2580})");
  EXPECT_EQ(call(api, Method::kGet, created.location).body, created.body);
  EXPECT_EQ(number(call(api, Method::kPut, created.location, kOrder), "total_cents"), 2580);
  EXPECT_EQ(call(api, Method::kDelete, created.location).status, 204);
  EXPECT_EQ(call(api, Method::kGet, created.location).status, 404);
  EXPECT_EQ(call(api, Method::kPut, created.location, kOrder).status, 404);
  EXPECT_EQ(call(api, Method::kDelete, created.location).status, 204) << "deleting is idempotent";
  EXPECT_EQ(elements(call(api, Method::kGet, "/customers/dora/orders")), 0U);
}

TEST(OrdersApi, the_list_is_the_customers_own_latest_first_and_filtered) {
  OrdersApi api;
  const Response all = call(api, Method::kGet, "/customers/alice/orders");
  EXPECT_EQ(elements(all), 3U);
  EXPECT_LT(all.body.find("\"id\":1003"), all.body.find("\"id\":1001"));
  EXPECT_EQ(all.body.find("bob"), std::string::npos);
  EXPECT_EQ(elements(call(api, Method::kGet, "/customers/alice/orders", "", "status=shipped")), 1U);
  EXPECT_EQ(elements(call(api, Method::kGet, "/customers/alice/orders", "", "limit=2")), 2U);
  EXPECT_EQ(elements(call(api, Method::kGet, "/customers/nobody/orders")), 0U);
}

TEST(OrdersApi, the_report_counts_what_there_is) {
  OrdersApi api;
  const Response before = call(api, Method::kGet, "/admin/report");
  EXPECT_EQ(number(before, "orders"), 6);
  EXPECT_EQ(number(before, "customers"), 3);
  call(api, Method::kDelete, "/customers/carol/orders/1006");
  const Response after = call(api, Method::kGet, "/admin/report");
  EXPECT_EQ(number(after, "orders"), 5);
  EXPECT_EQ(number(before, "total_cents") - number(after, "total_cents"), 2190);
}

TEST(OrdersApi, memory_is_bounded_and_the_first_orders_stay) {
  OrdersApi api;
  for (std::size_t i = 0; i < OrdersApi::kOrdersPerCustomerMax * 3; ++i) {
    ASSERT_EQ(call(api, Method::kPost, "/customers/alice/orders", kOrder).status, 201);
  }
  EXPECT_EQ(elements(call(api, Method::kGet, "/customers/alice/orders", "", "limit=100")),
            OrdersApi::kOrdersPerCustomerMax);
  for (const char* id : {"1001", "1002", "1003"}) {
    EXPECT_EQ(call(api, Method::kGet, std::string("/customers/alice/orders/") + id).status, 200) << id;
  }
  EXPECT_EQ(call(api, Method::kGet, "/customers/alice/orders/1007").status, 404);
}

TEST(OrdersApi, customers_are_taken_up_to_the_bound_and_refused_one_past_it) {
  OrdersApi api;
  for (std::size_t i = 3; i < OrdersApi::kCustomersMax; ++i) {
    ASSERT_EQ(call(api, Method::kPost, "/customers/c" + std::to_string(i) + "/orders", kOrder).status, 201);
  }
  EXPECT_EQ(call(api, Method::kPost, "/customers/one-more/orders", kOrder).status, 409);
  EXPECT_EQ(call(api, Method::kPost, "/customers/alice/orders", kOrder).status, 201);
}

TEST(ReadOrder, items_and_quantities_end_at_their_bounds) {
  const auto order_of = [](std::size_t items, int quantity) {
    std::string body = R"({"delivery":"pickup","items":[)";
    for (std::size_t i = 0; i < items; ++i) {
      body += (i == 0 ? "" : ",") + std::string(R"({"product_id":1,"quantity":)") + std::to_string(quantity) +
              "}";
    }
    return read_order(body + "]}").ok();
  };
  EXPECT_FALSE(order_of(0, 1));
  EXPECT_TRUE(order_of(1, 1));
  EXPECT_TRUE(order_of(kItemsMax, kQuantityMax));
  EXPECT_FALSE(order_of(kItemsMax + 1, 1));
  EXPECT_FALSE(order_of(1, kQuantityMax + 1));
  EXPECT_FALSE(order_of(1, 0));
  EXPECT_FALSE(order_of(1, -1));
}

TEST(ReadOrder, members_of_a_wrong_type_are_refused_or_missing) {
  const char* const bad[] = {
      "",
      "null",
      R"({"delivery":"pickup"})",
      R"({"delivery":"pickup","items":{}})",
      R"({"delivery":"pickup","items":[1]})",
      R"({"delivery":"pickup","items":[{"product_id":"1","quantity":1}]})",
      R"({"delivery":"pickup","items":[{"product_id":1.5,"quantity":1}]})",
      R"({"delivery":"pickup","items":[{"product_id":4294967296,"quantity":1}]})",
      R"({"delivery":1,"items":[{"product_id":1,"quantity":1}]})",
      R"({"delivery":"pickup","delivery":"pickup","items":[{"product_id":1,"quantity":1}]})",
  };
  for (const char* body : bad) EXPECT_FALSE(read_order(body).ok()) << body;
}

TEST(Catalog, products_are_numbered_from_one_without_gaps) {
  for (std::size_t i = 0; i < catalog().size(); ++i) EXPECT_EQ(catalog()[i].id, i + 1);
}

}  // namespace
}  // namespace caponier::demo
