#include "demo/order.h"

#include <array>

#include "base/clock.h"
#include "base/limits.h"
#include "json/document.h"
#include "json/write.h"

namespace caponier::demo {
namespace {

using json::Kind;
using json::Value;

constexpr JsonLimits kBodyLimits{.bytes_max = kBodyBytesMax, .depth_max = 8, .nodes_max = 2'000};

// Text of a member; empty if it is missing or no string.
std::string text_of(const Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is(Kind::kString) ? std::string(value->string()) : std::string();
}

// A whole number from 1 to `most`, or 0.
std::uint32_t count_of(const Value& object, std::string_view key, std::int64_t most) {
  const auto value = object.find(key);
  if (!value || !value->is(Kind::kNumber) || !value->is_integer()) return 0;
  const std::int64_t count = value->integer();
  return count < 1 || count > most ? 0 : static_cast<std::uint32_t>(count);
}

bool read_items(const Value& list, std::vector<Item>& items) {
  if (!list.is(Kind::kArray) || list.size() == 0 || list.size() > kItemsMax) return false;
  Value value = list.first_child();
  for (std::uint32_t i = 0; i < list.size(); ++i, value = value.next_sibling()) {
    if (!value.is(Kind::kObject)) return false;
    Item item;
    item.product_id = count_of(value, "product_id", UINT32_MAX);
    item.quantity = count_of(value, "quantity", kQuantityMax);
    item.note = text_of(value, "note");
    if (item.product_id == 0 || item.quantity == 0) return false;
    items.push_back(std::move(item));
  }
  return true;
}

Address read_address(const Value& object) {
  return {text_of(object, "street"), text_of(object, "city"), text_of(object, "postal_code"),
          text_of(object, "country")};
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  json::append_string(out, text);
}

void append_items(std::string& out, const std::vector<Item>& items) {
  out += ",\"items\":[";
  for (const Item& item : items) {
    if (out.back() != '[') out += ',';
    out += "{\"product_id\":" + std::to_string(item.product_id) +
           ",\"quantity\":" + std::to_string(item.quantity);
    append_text(out, "note", item.note);
    out += '}';
  }
  out += ']';
}

void append_address(std::string& out, const Address& address) {
  out += ",\"address\":{\"street\":";
  json::append_string(out, address.street);
  append_text(out, "city", address.city);
  append_text(out, "postal_code", address.postal_code);
  append_text(out, "country", address.country);
  out += '}';
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::kOpen:
      return "open";
    case Status::kPaid:
      return "paid";
    case Status::kShipped:
      return "shipped";
  }
  return "open";
}

std::optional<Status> parse_status(std::string_view text) {
  for (const Status status : {Status::kOpen, Status::kPaid, Status::kShipped}) {
    if (name(status) == text) return status;
  }
  return std::nullopt;
}

Result<NewOrder, std::string> read_order(std::string_view body) {
  json::Document document;
  const auto root = document.read(body, kBodyLimits);
  if (!root || !root->is(Kind::kObject)) return Err(std::string("The body is not a JSON object."));
  NewOrder order;
  const auto items = root->find("items");
  if (!items || !read_items(*items, order.items)) {
    return Err(
        std::string("The order needs 1 to 20 items, each with a product_id and a quantity of 1 to 100."));
  }
  order.delivery = text_of(*root, "delivery");
  if (order.delivery.empty()) return Err(std::string("The order does not say how it is delivered."));
  const auto address = root->find("address");
  if (address && address->is(Kind::kObject)) order.address = read_address(*address);
  order.coupon = text_of(*root, "coupon");
  order.gift_message = text_of(*root, "gift_message");
  return order;
}

void append_json(std::string& out, const Order& order) {
  std::array<char, 24> created{};
  format_rfc3339(order.created_ms, created.data());
  out += "{\"id\":" + std::to_string(order.id);
  append_text(out, "customer_id", order.customer_id);
  append_text(out, "status", name(order.status));
  append_text(out, "created_at", {created.data(), created.size()});
  append_items(out, order.content.items);
  append_text(out, "delivery", order.content.delivery);
  if (order.content.address) append_address(out, *order.content.address);
  append_text(out, "coupon", order.content.coupon);
  append_text(out, "gift_message", order.content.gift_message);
  out += ",\"total_cents\":" + std::to_string(order.total_cents) + "}";
}

}  // namespace caponier::demo
