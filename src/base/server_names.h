// Which of several things a host name means: exact names, and "*.example.com" for one label in its place
// (RFC 6125, section 6.4.3). For certificates that are chosen by name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace caponier {

class ServerNames {
 public:
  // False: the name stands for another one already. Wildcards begin with "*.".
  bool add(std::string_view name, std::uint32_t index);
  // By exact name, then by wildcard; 0, the default, for every other host. Takes no port; a dot at the end is
  // that of an absolute name.
  [[nodiscard]] std::uint32_t find(std::string_view host) const;
  // Whether some name, or some wildcard, stands for `host`.
  [[nodiscard]] bool covers(std::string_view host) const;
  [[nodiscard]] bool empty() const { return names_.empty(); }

 private:
  [[nodiscard]] const std::uint32_t* look(std::string_view host) const;
  std::map<std::string, std::uint32_t, std::less<>> names_;  // lower case
};

}  // namespace caponier
