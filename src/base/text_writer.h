// Gathers short pieces of text on the stack and hands them to a string in few appends: a message head is
// dozens of pieces, and an append for each of them would cost more than their bytes do. What was put is in
// the string after flush() or at the writer's end.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/decimal.h"

namespace caponier {

class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(out) {}
  ~TextWriter() { flush(); }
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  template <std::size_t N>
  TextWriter& put(const char (&literal)[N]) {
    static_assert(N <= kBufferBytes);
    if (kBufferBytes - size_ < N - 1) flush();
    std::memcpy(buffer_.data() + size_, literal, N - 1);
    size_ += N - 1;
    return *this;
  }
  TextWriter& put(std::string_view text) {
    if (kBufferBytes - size_ < text.size()) return put_long(text);
    copy(buffer_.data() + size_, text);
    size_ += text.size();
    return *this;
  }
  TextWriter& put(char c) {
    if (size_ == kBufferBytes) flush();
    buffer_[size_++] = c;
    return *this;
  }
  TextWriter& decimal(std::uint64_t number) {
    if (kBufferBytes - size_ < kDecimalDigitsMax) flush();
    char* const first = buffer_.data() + size_;
    size_ += static_cast<std::size_t>(write_decimal(first, number) - first);
    return *this;
  }
  void flush() {
    out_.append(buffer_.data(), size_);
    size_ = 0;
  }

 private:
  static constexpr std::size_t kBufferBytes = 1024;

  TextWriter& put_long(std::string_view text);

  // Most pieces are short, and a call costs more than their bytes: two words, which may overlap, hold them.
  static void copy(char* to, std::string_view text) {
    if (text.size() > 16) {
      std::memcpy(to, text.data(), text.size());
    } else if (text.size() >= 8) {
      copy_two<std::uint64_t>(to, text);
    } else if (text.size() >= 4) {
      copy_two<std::uint32_t>(to, text);
    } else {
      for (const char c : text) *to++ = c;
    }
  }
  template <class Word>
  static void copy_two(char* to, std::string_view text) {
    const std::size_t last = text.size() - sizeof(Word);
    std::memcpy(to, text.data(), sizeof(Word));
    std::memcpy(to + last, text.data() + last, sizeof(Word));
  }

  std::string& out_;
  std::size_t size_ = 0;
  std::array<char, kBufferBytes> buffer_;  // not initialised: written before it is read
};

}  // namespace caponier
