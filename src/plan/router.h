// Path templates to operations, independent of how many there are: a tree by segment, literal before template
// (OpenAPI 3.1, "Path Templating Matching"), one hash lookup per segment. Templates within a segment
// ("{id}.json",
// "{a}-{b}") are tried after plain literals and before whole-segment templates; a segment that such a
// template could divide in two ways does not match it. A parameter is never empty. The path decides before
// the method does.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace caponier::plan {

inline constexpr std::uint32_t kPathParametersMax = 16;
inline constexpr std::uint32_t kNoOperation = 0xffffffff;

struct RouteMatch {
  bool path_found = false;
  bool hidden = false;                     // the path is declared, and not served
  std::uint32_t operation = kNoOperation;  // kNoOperation with path_found: 405
  std::uint32_t allowed_methods = 0;       // bit set over http::Method, of the path
  std::uint32_t parameter_count = 0;
  std::array<std::string_view, kPathParametersMax> parameters;  // decoded, views of the segments
};

class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  // Error sentence if the template is malformed, or the same path (by shape) and method is already there.
  std::string add(std::string_view path_template, http::Method method, std::uint32_t operation);
  // The path is there and not served: what it stands for is not found, rather than by a wider template.
  void hide(std::string_view path_template);
  [[nodiscard]] RouteMatch match(std::span<const std::string_view> segments, http::Method method) const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace caponier::plan
