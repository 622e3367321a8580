// One line of JSON while it is written: a small buffer on the stack, handed to the string in as few pieces as
// possible. Every text goes through here, so that escaping, cutting and redaction cannot be forgotten at one
// field.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "event/record.h"

namespace caponier::event {

class Line {
 public:
  Line(std::string& out, std::int64_t wall_ms);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  template <std::size_t N>
  void text(const char (&name)[N], std::string_view value) {
    if (value.empty()) return;
    key(name);
    string(value, kTextBytesMax);
  }
  template <std::size_t N>
  void text(const char (&name)[N], const Untrusted& value) {
    if (value.text.empty()) return;
    key(name);
    string(value.text, kUntrustedBytesMax);
  }
  template <std::size_t N>
  void text(const char (&name)[N], const UntrustedPath& value) {
    if (value.text.empty()) return;
    key(name);
    path(value.text);
  }
  template <std::size_t N>
  void text(const char (&name)[N], const Subject& value) {
    if (value.text.empty()) return;
    key(name);
    subject(value.text);
  }
  template <std::size_t N>
  void credential(const char (&name)[N], std::string_view value) {
    if (value.empty()) return;
    key(name);
    credential_name(value);
  }
  template <std::size_t N>
  void number(const char (&name)[N], std::uint64_t value) {
    if (value == 0) return;
    key(name);
    char* const first = buffer_.data() + size_;
    size_ += static_cast<std::size_t>(write_decimal(first, value) - first);
  }
  template <std::size_t N>
  void duration(const char (&name)[N], std::int64_t us) {
    number(name, us > 0 ? static_cast<std::uint64_t>(us) : 0);
  }
  template <std::size_t N>
  void flag(const char (&name)[N], bool value) {
    if (!value) return;
    key(name);
    put("true");
  }
  // A list of objects, each of which begins with a text.
  template <std::size_t N>
  void begin_list(const char (&name)[N]) {
    key(name);
    put("[");
  }
  template <std::size_t N>
  void begin_item(bool first, const char (&name)[N], std::string_view value) {
    make_room();
    if (!first) put(",");
    put("{\"");
    put(name);
    put("\":");
    string(value, kTextBytesMax);
  }
  void end_item() {
    make_room();
    put("}");
  }
  void end_list() {
    make_room();
    put("]");
  }
  void finish();

 private:
  static constexpr std::size_t kBufferBytes = 1024;
  static constexpr std::size_t kKeyBytesMax = 32;

  template <std::size_t N>
  void put(const char (&literal)[N]) {
    std::memcpy(buffer_.data() + size_, literal, N - 1);
    size_ += N - 1;
  }
  template <std::size_t N>
  void key(const char (&name)[N]) {
    static_assert(N <= kKeyBytesMax);
    make_room();
    char* const to = buffer_.data() + size_;
    std::memcpy(to, ",\"", 2);
    std::memcpy(to + 2, name, N - 1);
    std::memcpy(to + N + 1, "\":", 2);
    size_ += N + 3;
  }
  // For a key, a number and some signs.
  void make_room() {
    if (size_ + kKeyBytesMax + kDecimalDigitsMax + 8 > kBufferBytes) flush();
  }
  void flush();
  void string(std::string_view value, std::size_t bytes_max);
  void path(std::string_view value);
  void subject(std::string_view value);
  void credential_name(std::string_view value);

  std::string& out_;
  std::size_t size_ = 0;
  std::array<char, kBufferBytes> buffer_;  // not initialised: written before it is read
};

}  // namespace caponier::event
