#include "base/server_names.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace caponier {
namespace {

constexpr std::size_t kNameBytesMax = 255;  // RFC 1035, section 2.3.4

}  // namespace

bool ServerNames::add(std::string_view name, std::uint32_t index) {
  const auto [at, added] = names_.emplace(lower(name), index);
  return added || at->second == index;
}

const std::uint32_t* ServerNames::look(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kNameBytesMax) return nullptr;
  // No allocation: requests ask.
  std::array<char, kNameBytesMax + 1> text{};
  std::ranges::transform(host, text.begin(), to_lower);
  const std::string_view name(text.data(), host.size());
  if (const auto at = names_.find(name); at != names_.end()) return &at->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  text[dot - 1] = '*';
  const auto at = names_.find(name.substr(dot - 1));
  return at == names_.end() ? nullptr : &at->second;
}

std::uint32_t ServerNames::find(std::string_view host) const {
  const std::uint32_t* found = look(host);
  return found == nullptr ? 0 : *found;
}

bool ServerNames::covers(std::string_view host) const {
  return look(host) != nullptr;
}

}  // namespace caponier
