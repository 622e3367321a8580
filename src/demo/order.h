// An order of the demo's shop, read from and written as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caponier::demo {

enum class Status : std::uint8_t { kOpen, kPaid, kShipped };
std::string_view name(Status status);
std::optional<Status> parse_status(std::string_view text);

struct Item {
  std::uint32_t product_id = 0;
  std::uint32_t quantity = 0;
  std::string note;
};

struct Address {
  std::string street;
  std::string city;
  std::string postal_code;
  std::string country;
};

// What a customer says about an order.
struct NewOrder {
  std::vector<Item> items;
  std::string delivery;
  std::optional<Address> address;
  std::string coupon;
  std::string gift_message;
};

struct Order {
  std::uint32_t id = 0;
  std::string customer_id;
  Status status = Status::kOpen;
  std::int64_t created_ms = 0;
  NewOrder content;
  std::uint64_t total_cents = 0;
  bool deleted = false;  // remembered for a while, so that deleting it again is no error
  bool seeded = false;
};

inline constexpr std::size_t kBodyBytesMax = 64UL * 1024;
inline constexpr std::size_t kItemsMax = 20;
inline constexpr std::uint32_t kQuantityMax = 100;

// The error is a sentence. Members that it does not know are ignored, as in most APIs.
Result<NewOrder, std::string> read_order(std::string_view body);
void append_json(std::string& out, const Order& order);

}  // namespace caponier::demo
