// HTTP/2 frames (RFC 9113, sections 4 and 6): their heads, and those that are written whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace caponier::http::h2 {

enum class FrameType : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kResetStream,
  kSettings,
  kPushPromise,
  kPing,
  kGoAway,
  kWindowUpdate,
  kContinuation
};

inline constexpr std::uint8_t kEndStream = 0x1;
inline constexpr std::uint8_t kAck = 0x1;
inline constexpr std::uint8_t kEndHeaders = 0x4;
inline constexpr std::uint8_t kPadded = 0x8;
inline constexpr std::uint8_t kWithPriority = 0x20;

// RFC 9113, section 7.
enum class ErrorCode : std::uint32_t {
  kNoError,
  kProtocolError,
  kInternalError,
  kFlowControlError,
  kSettingsTimeout,
  kStreamClosed,
  kFrameSizeError,
  kRefusedStream,
  kCancel,
  kCompressionError,
  kConnectError,
  kEnhanceYourCalm,
  kInadequateSecurity,
  kHttp11Required
};

// RFC 9113, section 6.5.2.
enum class SettingId : std::uint16_t {
  kHeaderTableSize = 1,
  kEnablePush = 2,
  kMaxConcurrentStreams = 3,
  kInitialWindowSize = 4,
  kMaxFrameSize = 5,
  kMaxHeaderListSize = 6
};
struct Setting {
  SettingId id;
  std::uint32_t value;
};

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::size_t kFrameHeadBytes = 9;
inline constexpr std::uint32_t kFrameBytesMax = 16'384;  // of a payload, both ways: nothing else is announced
inline constexpr std::int64_t kWindowBytesMax = 0x7FFF'FFFF;
inline constexpr std::int64_t kFirstWindowBytes = 65'535;
inline constexpr std::uint32_t kStreamIdMax = 0x7FFF'FFFF;
inline constexpr std::size_t kSettingBytes = 6;

struct FrameHead {
  std::uint32_t bytes = 0;  // of the payload
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  [[nodiscard]] bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }
  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Of kFrameHeadBytes bytes.
FrameHead parse_frame_head(const char* bytes);
std::uint32_t parse_u32(const char* bytes);
std::uint16_t parse_u16(const char* bytes);

void append_frame_head(std::string& out, const FrameHead& head);
// Over what stands there already.
void write_frame_head(char* to, const FrameHead& head);
void append_settings(std::string& out, std::span<const Setting> settings);
void append_settings_ack(std::string& out);
// `opaque` has eight bytes.
void append_ping(std::string& out, std::string_view opaque, bool ack);
void append_reset(std::string& out, std::uint32_t stream, ErrorCode code);
void append_go_away(std::string& out, std::uint32_t last_stream, ErrorCode code);
void append_window_update(std::string& out, std::uint32_t stream, std::uint32_t bytes);

}  // namespace caponier::http::h2
