// A small JSON object of an administrator, read strictly: unknown members and wrong types are refused with a
// sentence that repeats nothing of what came.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/document.h"

namespace caponier::gateway {

class JsonRequest {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{64} * 1024;

  // An empty text is an empty object. `text` outlives it.
  Result<Unit, std::string> read(std::string_view text, std::initializer_list<std::string_view> known);

  // What is absent leaves `to` as it was.
  Result<Unit, std::string> text(std::string_view name, std::string& to) const;
  Result<Unit, std::string> texts(std::string_view name, std::vector<std::string>& to) const;

 private:
  [[nodiscard]] std::optional<json::Value> find(std::string_view name) const;
  json::Document document_;
  bool empty_ = true;
};

}  // namespace caponier::gateway
