#include "gateway/json_request.h"

#include <algorithm>

#include "base/canary.h"

namespace caponier::gateway {
namespace {

constexpr JsonLimits kLimits{.bytes_max = JsonRequest::kBytesMax, .depth_max = 2, .nodes_max = 1024};

}  // namespace

Result<Unit, std::string> JsonRequest::read(std::string_view text,
                                            std::initializer_list<std::string_view> known) {
  empty_ = text.empty();
  if (empty_) return Unit{};
  const auto root = document_.read(text, kLimits);
  if (!root) return Err("the body is not strict JSON (" + std::string(json::name(root.error().error)) + ")");
  if (!root->is(json::Kind::kObject)) return Err(std::string("the body must be a JSON object"));
  json::Value name = root->first_child();
  for (std::uint32_t i = 0; i < root->size(); ++i) {
    if (std::ranges::find(known, name.string()) == known.end() && !canary("admin-unknown-member")) {
      std::string names;
      for (const std::string_view one : known) names.append(names.empty() ? "" : ", ").append(one);
      return Err("the body has an unknown member; known are: " + names);
    }
    name = name.next_sibling().next_sibling();
  }
  return Unit{};
}

std::optional<json::Value> JsonRequest::find(std::string_view name) const {
  return empty_ ? std::nullopt : document_.root().find(name);
}

Result<Unit, std::string> JsonRequest::text(std::string_view name, std::string& to) const {
  const auto value = find(name);
  if (!value) return Unit{};
  if (!value->is(json::Kind::kString)) return Err(std::string(name) + " must be a string");
  to = value->string();
  return Unit{};
}

Result<Unit, std::string> JsonRequest::texts(std::string_view name, std::vector<std::string>& to) const {
  const auto value = find(name);
  if (!value) return Unit{};
  if (!value->is(json::Kind::kArray)) return Err(std::string(name) + " must be a list of strings");
  json::Value item = value->first_child();
  for (std::uint32_t i = 0; i < value->size(); ++i, item = item.next_sibling()) {
    if (!item.is(json::Kind::kString)) return Err(std::string(name) + " must be a list of strings");
    to.emplace_back(item.string());
  }
  return Unit{};
}

}  // namespace caponier::gateway
