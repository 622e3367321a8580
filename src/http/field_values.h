// The values of the fields that decide about the message itself: Host and Connection. Private to this room.
#pragma once

#include <string_view>

namespace caponier::http {

// host[:port] as in RFC 3986 section 3.2, narrowed to what nobody reads in two ways: no user information, no
// percent-encoding or sub-delimiters in the name, no empty name, label or port, no zone in an IPv6 literal.
bool is_authority(std::string_view text);

// RFC 9110 section 7.6.1. Fields may repeat: their options add up.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;

  void add(std::string_view value);
  // RFC 9112 section 9.3.
  [[nodiscard]] bool persistent(int minor_version) const {
    return !close && (minor_version >= 1 || keep_alive);
  }
};

}  // namespace caponier::http
