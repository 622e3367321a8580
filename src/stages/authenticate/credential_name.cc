#include "stages/authenticate/credential_name.h"

#include <array>
#include <cstring>

namespace caponier::stages {

std::string_view credential_name(Arena& arena, std::string_view kind, std::string_view name) {
  const std::size_t size = kind.size() + 1 + name.size();
  char* const to = static_cast<char*>(arena.allocate(size, 1));
  std::memcpy(to, kind.data(), kind.size());
  to[kind.size()] = ':';
  if (!name.empty()) std::memcpy(to + kind.size() + 1, name.data(), name.size());
  return {to, size};
}

std::string_view credential_name(Arena& arena, std::string_view kind, std::uint64_t digest) {
  std::array<char, 16> digits;
  for (std::size_t i = digits.size(); i-- > 0; digest >>= 4) digits[i] = "0123456789abcdef"[digest & 15U];
  return credential_name(arena, kind, std::string_view(digits.data(), digits.size()));
}

}  // namespace caponier::stages
