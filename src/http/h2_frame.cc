#include "http/h2_frame.h"

#include <array>

namespace caponier::http::h2 {
namespace {

constexpr std::uint32_t kReservedBit = 0x8000'0000;

void write_u32(char* to, std::uint32_t number) {
  to[0] = static_cast<char>(number >> 24);
  to[1] = static_cast<char>(number >> 16);
  to[2] = static_cast<char>(number >> 8);
  to[3] = static_cast<char>(number);
}

void append_u32(std::string& out, std::uint32_t number) {
  std::array<char, 4> bytes;
  write_u32(bytes.data(), number);
  out.append(bytes.data(), bytes.size());
}

std::uint32_t octet(char c) {
  return static_cast<unsigned char>(c);
}

void append_whole_head(std::string& out, std::uint32_t bytes, FrameType type, std::uint32_t stream,
                       std::uint8_t flags = 0) {
  append_frame_head(out, {bytes, static_cast<std::uint8_t>(type), flags, stream});
}

}  // namespace

std::uint32_t parse_u32(const char* bytes) {
  return octet(bytes[0]) << 24 | octet(bytes[1]) << 16 | octet(bytes[2]) << 8 | octet(bytes[3]);
}

std::uint16_t parse_u16(const char* bytes) {
  return static_cast<std::uint16_t>(octet(bytes[0]) << 8 | octet(bytes[1]));
}

FrameHead parse_frame_head(const char* bytes) {
  FrameHead head;
  head.bytes = octet(bytes[0]) << 16 | octet(bytes[1]) << 8 | octet(bytes[2]);
  head.type = static_cast<std::uint8_t>(bytes[3]);
  head.flags = static_cast<std::uint8_t>(bytes[4]);
  head.stream = parse_u32(bytes + 5) & ~kReservedBit;
  return head;
}

void write_frame_head(char* to, const FrameHead& head) {
  to[0] = static_cast<char>(head.bytes >> 16);
  to[1] = static_cast<char>(head.bytes >> 8);
  to[2] = static_cast<char>(head.bytes);
  to[3] = static_cast<char>(head.type);
  to[4] = static_cast<char>(head.flags);
  write_u32(to + 5, head.stream);
}

void append_frame_head(std::string& out, const FrameHead& head) {
  std::array<char, kFrameHeadBytes> bytes;
  write_frame_head(bytes.data(), head);
  out.append(bytes.data(), bytes.size());
}

void append_settings(std::string& out, std::span<const Setting> settings) {
  append_whole_head(out, static_cast<std::uint32_t>(settings.size() * kSettingBytes), FrameType::kSettings,
                    0);
  for (const Setting& setting : settings) {
    const auto id = static_cast<std::uint16_t>(setting.id);
    out += static_cast<char>(id >> 8);
    out += static_cast<char>(id);
    append_u32(out, setting.value);
  }
}

void append_settings_ack(std::string& out) {
  append_whole_head(out, 0, FrameType::kSettings, 0, kAck);
}

void append_ping(std::string& out, std::string_view opaque, bool ack) {
  append_whole_head(out, 8, FrameType::kPing, 0, ack ? kAck : std::uint8_t{0});
  out.append(opaque);
}

void append_reset(std::string& out, std::uint32_t stream, ErrorCode code) {
  append_whole_head(out, 4, FrameType::kResetStream, stream);
  append_u32(out, static_cast<std::uint32_t>(code));
}

void append_go_away(std::string& out, std::uint32_t last_stream, ErrorCode code) {
  append_whole_head(out, 8, FrameType::kGoAway, 0);
  append_u32(out, last_stream);
  append_u32(out, static_cast<std::uint32_t>(code));
}

void append_window_update(std::string& out, std::uint32_t stream, std::uint32_t bytes) {
  append_whole_head(out, 4, FrameType::kWindowUpdate, stream);
  append_u32(out, bytes);
}

}  // namespace caponier::http::h2
