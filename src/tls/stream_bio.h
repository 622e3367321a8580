// OpenSSL's input and output on a net::Stream, without a copy in between.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/stream.h"
#include "tls/handles.h"

namespace caponier::tls {

// What a session's BIO works on. Outlives the BIO.
struct Channel {
  net::Stream* lower = nullptr;
  bool ended = false;   // the peer closed without saying so in TLS
  bool barred = false;  // no more input is wanted
  // The session's call that runs, or ran last, was blocked here.
  bool read_blocked = false;
  bool write_blocked = false;
  // The first bytes that came, to tell what is no TLS at all.
  std::array<char, 8> first_bytes{};
  std::size_t first_bytes_count = 0;
  [[nodiscard]] std::string_view first() const { return {first_bytes.data(), first_bytes_count}; }
};

// Null only when memory is out.
BIO* new_stream_bio(Channel& channel);

}  // namespace caponier::tls
