// The demo's API: orders of several customers, in memory, bounded. It does what a small API does and, on
// purpose, judges nobody: who may call what is written in openapi.yaml and enforced in front of it. No I/O;
// time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "demo/order.h"
#include "http/message.h"

namespace caponier::demo {

struct Request {
  http::Method method = http::Method::kGet;
  std::string_view path;
  std::string_view query;
  std::string_view body;
  std::int64_t wall_ms = 0;
};

struct Response {
  std::uint16_t status = 200;
  std::string_view content_type;  // empty: no body
  std::string location;           // of what was created
  std::string_view allow;         // of a 405
  std::string body;
};

class OrdersApi {
 public:
  // Begins with orders 1001, 1002, 1003 of alice, 1004, 1005 of bob and 1006 of carol. They are never pushed
  // out by newer ones, so that what a person is told to try stays true.
  OrdersApi();

  // Statuses are those that openapi.yaml declares, and 404, 405 for what it does not declare.
  Response handle(const Request& request);

  static constexpr std::size_t kOrdersPerCustomerMax = 100;  // the oldest goes when another comes
  static constexpr std::size_t kCustomersMax = 200;

 private:
  Response orders_of(const Request& request, std::string_view customer_id);
  Response order_of(const Request& request, std::string_view customer_id, std::string_view order_id);
  Response list(const Request& request, std::string_view customer_id) const;
  Response create(const Request& request, std::string_view customer_id);
  static Response replace(const Request& request, Order& order);
  [[nodiscard]] Response report() const;
  void seed(std::string_view customer_id, Status status, std::vector<Item> items);
  Order& add(std::string_view customer_id, NewOrder content, std::int64_t wall_ms);

  using Orders = std::map<std::uint32_t, Order>;  // by id
  std::map<std::string, Orders, std::less<>> customers_;
  std::uint32_t next_id_ = 1001;
};

}  // namespace caponier::demo
