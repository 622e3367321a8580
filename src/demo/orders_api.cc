#include "demo/orders_api.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "demo/catalog.h"
#include "json/write.h"

namespace caponier::demo {
namespace {

using http::Method;

constexpr std::int64_t kSeedMs = 1'767'254'400'000;  // 2026-01-01T08:00:00Z
constexpr std::size_t kCustomerIdBytesMax = 32;
constexpr std::uint64_t kListDefault = 20;
constexpr std::uint64_t kListMax = 100;

Response json(std::uint16_t status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

Response problem(std::uint16_t status, std::string_view title) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = "{\"title\":";
  json::append_string(response.body, title);
  response.body += ",\"status\":" + std::to_string(status) + "}";
  return response;
}

Response not_found() {
  return problem(404, "There is no such thing here.");
}

Response not_allowed(std::string_view allow) {
  Response response = problem(405, "That cannot be done with this.");
  response.allow = allow;
  return response;
}

Response order_response(std::uint16_t status, const Order& order) {
  Response response = json(status, "");
  append_json(response.body, order);
  return response;
}

// Takes one segment off the front of `path`, with its slash.
std::string_view take_segment(std::string_view& path) {
  if (path.empty() || path.front() != '/') return {};
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_customer_id(std::string_view text) {
  if (text.empty() || text.size() > kCustomerIdBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; });
}

// First value of a query parameter, as sent.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == key) return equals == std::string_view::npos ? "" : pair.substr(equals + 1);
  }
  return std::nullopt;
}

void append_product(std::string& out, const Product& product) {
  out += "{\"id\":" + std::to_string(product.id) + ",\"name\":";
  json::append_string(out, product.name);
  out += ",\"price_cents\":" + std::to_string(product.price_cents) + "}";
}

Response products(Method method) {
  if (method != Method::kGet) return not_allowed("GET");
  std::string body = "[";
  for (const Product& product : catalog()) {
    if (body.size() > 1) body += ',';
    append_product(body, product);
  }
  return json(200, body + "]");
}

Response product(Method method, std::string_view id) {
  const auto number = parse_decimal(id);
  const Product* const found = number ? find_product(*number) : nullptr;
  if (found == nullptr) return not_found();
  if (method != Method::kGet) return not_allowed("GET");
  Response response = json(200, "");
  append_product(response.body, *found);
  return response;
}

// Nothing if a product of the order does not exist.
std::optional<std::uint64_t> total_of(const NewOrder& order) {
  std::uint64_t total = 0;
  for (const Item& item : order.items) {
    const Product* const found = find_product(item.product_id);
    if (found == nullptr) return std::nullopt;
    total += std::uint64_t{found->price_cents} * item.quantity;
  }
  return total;
}

}  // namespace

OrdersApi::OrdersApi() {
  seed("alice", Status::kOpen, {{7, 2, "for filter"}, {18, 1, ""}});
  seed("alice", Status::kShipped, {{19, 1, ""}});
  seed("alice", Status::kOpen, {{22, 4, ""}});
  seed("bob", Status::kPaid, {{2, 1, ""}, {21, 1, ""}});
  seed("bob", Status::kOpen, {{24, 1, ""}});
  seed("carol", Status::kOpen, {{16, 1, ""}});
}

void OrdersApi::seed(std::string_view customer_id, Status status, std::vector<Item> items) {
  NewOrder content;
  content.items = std::move(items);
  content.delivery = "standard";
  content.address = Address{"Hafenstr. 1", "Hamburg", "20457", "DE"};
  Order& order = add(customer_id, std::move(content), kSeedMs);
  order.status = status;
  order.seeded = true;
}

Order& OrdersApi::add(std::string_view customer_id, NewOrder content, std::int64_t wall_ms) {
  Orders& orders = customers_.try_emplace(std::string(customer_id)).first->second;
  if (orders.size() >= kOrdersPerCustomerMax) {
    const auto oldest =
        std::find_if(orders.begin(), orders.end(), [](const auto& o) { return !o.second.seeded; });
    if (oldest != orders.end()) orders.erase(oldest);
  }
  Order& order = orders[next_id_];
  order.id = next_id_++;
  order.customer_id = customer_id;
  order.created_ms = wall_ms;
  order.total_cents = total_of(content).value_or(0);
  order.content = std::move(content);
  return order;
}

Response OrdersApi::handle(const Request& request) {
  std::string_view rest = request.path;
  const std::string_view first = take_segment(rest);
  if (first == "catalog") {
    if (rest.empty()) return products(request.method);
    const std::string_view id = take_segment(rest);
    return rest.empty() ? product(request.method, id) : not_found();
  }
  if (first == "admin") {
    if (rest != "/report") return not_found();
    return request.method == Method::kGet ? report() : not_allowed("GET");
  }
  if (first != "customers") return not_found();
  const std::string_view customer_id = take_segment(rest);
  if (!is_customer_id(customer_id) || take_segment(rest) != "orders") return not_found();
  if (rest.empty()) return orders_of(request, customer_id);
  const std::string_view order_id = take_segment(rest);
  return rest.empty() ? order_of(request, customer_id, order_id) : not_found();
}

Response OrdersApi::orders_of(const Request& request, std::string_view customer_id) {
  if (request.method == Method::kGet) return list(request, customer_id);
  if (request.method == Method::kPost) return create(request, customer_id);
  return not_allowed("GET, POST");
}

Response OrdersApi::list(const Request& request, std::string_view customer_id) const {
  const auto status_text = query_value(request.query, "status");
  const auto status = status_text ? parse_status(*status_text) : std::nullopt;
  const auto limit_text = query_value(request.query, "limit");
  const auto limit = limit_text ? parse_decimal(*limit_text) : kListDefault;
  if ((status_text && !status) || !limit || *limit < 1 || *limit > kListMax) {
    return problem(400, "The filter is not valid.");
  }
  std::string body = "[";
  std::uint64_t count = 0;
  const auto customer = customers_.find(customer_id);
  if (customer != customers_.end()) {
    const Orders& orders = customer->second;
    for (auto it = orders.rbegin(); it != orders.rend() && count < *limit; ++it) {
      const Order& order = it->second;
      if (order.deleted || (status && order.status != *status)) continue;
      if (count++ > 0) body += ',';
      append_json(body, order);
    }
  }
  return json(200, body + "]");
}

Response OrdersApi::create(const Request& request, std::string_view customer_id) {
  auto content = read_order(request.body);
  if (!content) return problem(400, content.error());
  if (!total_of(*content)) return problem(422, "A product of the order does not exist.");
  if (!customers_.contains(customer_id) && customers_.size() >= kCustomersMax) {
    return problem(409, "The shop takes no more customers.");
  }
  const Order& order = add(customer_id, std::move(*content), request.wall_ms);
  Response response = order_response(201, order);
  response.location = "/customers/" + order.customer_id + "/orders/" + std::to_string(order.id);
  return response;
}

Response OrdersApi::order_of(const Request& request, std::string_view customer_id,
                             std::string_view order_id) {
  const auto id = parse_decimal(order_id);
  const auto customer = customers_.find(customer_id);
  if (!id || *id > UINT32_MAX || customer == customers_.end()) return not_found();
  const auto found = customer->second.find(static_cast<std::uint32_t>(*id));
  if (found == customer->second.end()) return not_found();
  Order& order = found->second;
  if (request.method == Method::kDelete) {
    order.deleted = true;
    Response response;
    response.status = 204;
    return response;
  }
  if (order.deleted) return not_found();
  if (request.method == Method::kGet) return order_response(200, order);
  if (request.method == Method::kPut) return replace(request, order);
  return not_allowed("GET, PUT, DELETE");
}

Response OrdersApi::replace(const Request& request, Order& order) {
  auto content = read_order(request.body);
  if (!content) return problem(400, content.error());
  const auto total = total_of(*content);
  if (!total) return problem(422, "A product of the order does not exist.");
  if (order.status != Status::kOpen) return problem(409, "The order is not open any more.");
  order.content = std::move(*content);
  order.total_cents = *total;
  return order_response(200, order);
}

Response OrdersApi::report() const {
  std::uint64_t count = 0;
  std::uint64_t total = 0;
  for (const auto& [customer_id, orders] : customers_) {
    for (const auto& [id, order] : orders) {
      if (order.deleted) continue;
      ++count;
      total += order.total_cents;
    }
  }
  return json(200, "{\"orders\":" + std::to_string(count) + ",\"customers\":" +
                       std::to_string(customers_.size()) + ",\"total_cents\":" + std::to_string(total) + "}");
}

}  // namespace caponier::demo
