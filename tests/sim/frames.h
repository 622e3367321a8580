// WebSocket frames (RFC 6455, section 5.2), as far as simulated sides need them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caponier::sim {

inline constexpr unsigned kTextFrame = 1;
inline constexpr unsigned kCloseFrame = 8;

struct Frame {
  unsigned opcode = 0;
  std::string payload;
};

// Clients mask; with zeros, so that the payload can be read on its way.
inline std::string frame_bytes(unsigned opcode, std::string_view payload, bool masked) {
  constexpr std::size_t kShortMax = 125;
  std::string out{static_cast<char>(0x80U | opcode)};
  const auto mask = static_cast<unsigned>(masked ? 0x80 : 0);
  if (payload.size() <= kShortMax) {
    out += static_cast<char>(mask | payload.size());
  } else {
    out += static_cast<char>(mask | 126U);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  if (masked) out.append(4, '\0');
  return out.append(payload);
}

// Takes the first frame of `bytes`, if it is whole.
inline std::optional<Frame> take_frame(std::string& bytes) {
  const auto at = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 2) return std::nullopt;
  std::size_t head = 2;
  std::size_t length = at(1) & 0x7fU;
  if (length == 126) {
    if (bytes.size() < 4) return std::nullopt;
    length = static_cast<std::size_t>(at(2)) << 8 | at(3);
    head = 4;
  }
  if ((at(1) & 0x80U) != 0) head += 4;
  if (bytes.size() < head + length) return std::nullopt;
  Frame frame{at(0) & 0x0fU, bytes.substr(head, length)};
  bytes.erase(0, head + length);
  return frame;
}

}  // namespace caponier::sim
