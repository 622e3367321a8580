// Strings: plain ASCII is viewed where it stands, other text too once its UTF-8 is judged; only escapes are
// decoded into the document's own buffer.
#include <cstring>

#include "base/bytes.h"
#include "base/canary.h"
#include "json/reader.h"
#include "json/scan.h"

namespace caponier::json {
namespace {

bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

// Any string: [from, at) is known to be plain. What is returned is past the closing quote.
const char* Reader::read_rich_string(const char* from, const char* at, TapeNode& node) {
  std::uint32_t continuations = 0;  // bytes that do not begin a code point
  for (;;) {
    at = skip_plain(at, end_);
    while (at != end_ && is_beyond_ascii(*at)) {
      const std::uint32_t length = read_utf8(at, end_).length;
      if (length == 0) return fail(ReadError::kInvalidUtf8, at);
      continuations += length - 1;
      at += length;
    }
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at == '"') break;
    if (*at == '\\') return read_escaped_string(from, at, continuations, node);
    if (!is_plain(*at)) return fail(ReadError::kControlCharacter, at);
  }
  node.length = static_cast<std::uint32_t>(at - from);
  node.code_points = node.length - continuations;
  node.text = from;
  return at + 1;
}

// Decoding never lengthens a text, so that the source's size is room enough for all strings together.
void Reader::grow_text() {
  const auto wanted = static_cast<std::size_t>(end_ - begin_);
  if (document_.text_.size() < wanted) document_.text_.resize(wanted);
}

// A string with escapes, the first of which is at `at`.
const char* Reader::read_escaped_string(const char* from, const char* at, std::uint32_t continuations,
                                        TapeNode& node) {
  grow_text();
  char* const text = document_.text_.data() + text_in_use_;
  char* out = text;
  for (;;) {
    std::memcpy(out, from, static_cast<std::size_t>(at - from));
    out += at - from;
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at == '"') break;
    from = at;
    if (*at == '\\') {
      from = at = read_escape(at, out, continuations);
      if (at == nullptr) return nullptr;
    } else if (is_beyond_ascii(*at)) {
      const std::uint32_t length = read_utf8(at, end_).length;
      if (length == 0) return fail(ReadError::kInvalidUtf8, at);
      continuations += length - 1;
      at += length;
    } else {
      return fail(ReadError::kControlCharacter, at);
    }
    at = skip_plain(at, end_);
  }
  node.length = static_cast<std::uint32_t>(out - text);
  node.code_points = node.length - continuations;
  node.text = text;
  text_in_use_ += node.length;
  return at + 1;
}

const char* Reader::read_escape(const char* at, char*& out, std::uint32_t& continuations) {
  if (end_ - at < 2) return fail(ReadError::kTruncated, end_);
  switch (at[1]) {
    case '"':
    case '\\':
    case '/':
      *out++ = at[1];
      break;
    case 'b':
      *out++ = '\b';
      break;
    case 'f':
      *out++ = '\f';
      break;
    case 'n':
      *out++ = '\n';
      break;
    case 'r':
      *out++ = '\r';
      break;
    case 't':
      *out++ = '\t';
      break;
    case 'u':
      return read_unicode_escape(at, out, continuations);
    default:
      return fail(ReadError::kSyntax, at);
  }
  return at + 2;
}

const char* Reader::read_unicode_escape(const char* at, char*& out, std::uint32_t& continuations) {
  const char* const escape = at;
  std::uint32_t code_point = 0;
  at = read_code_unit(at, code_point);
  if (at == nullptr) return nullptr;
  if (code_point >= 0xD800 && code_point < 0xE000) {
    if (code_point >= 0xDC00) return fail(ReadError::kLoneSurrogate, escape);
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at != '\\') return fail(ReadError::kLoneSurrogate, escape);
    if (end_ - at < 2) return fail(ReadError::kTruncated, end_);
    if (at[1] != 'u') return fail(ReadError::kLoneSurrogate, escape);
    std::uint32_t low = 0;
    at = read_code_unit(at, low);
    if (at == nullptr) return nullptr;
    if ((low < 0xDC00 || low >= 0xE000) && !canary("json-surrogates"))
      return fail(ReadError::kLoneSurrogate, escape);
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
  }
  char* const written = out;
  out = write_utf8(out, code_point);
  continuations += static_cast<std::uint32_t>(out - written) - 1;
  return at;
}

// Four hexadecimal digits after the "\u" at `at`.
const char* Reader::read_code_unit(const char* at, std::uint32_t& unit) {
  at += 2;
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    if (at == end_) return fail(ReadError::kTruncated, at);
    const int digit = hex_value(*at);
    if (digit < 0) return fail(ReadError::kSyntax, at);
    unit = unit << 4 | static_cast<std::uint32_t>(digit);
  }
  return at;
}

}  // namespace caponier::json
