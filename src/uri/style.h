// How values of several parts are written as text: the styles of OpenAPI ("Style Values"), which are those of
// RFC 6570 sections 3.2.2 to 3.2.9 and a few more. Text is divided before it is decoded, so that an encoded
// delimiter belongs to a value. What comes out views `raw` and `arena`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/arena.h"

namespace caponier::uri {

enum class Style : std::uint8_t {
  kSimple,  // "a,b"
  kLabel,   // ".a,b", exploded ".a.b"
  kMatrix,  // ";name=a,b", exploded ";name=a;name=b"
  kForm,    // "a,b": the value of one pair; exploded, every part is a pair of its own, and not read here
  kSpace,   // "a%20b"
  kPipe     // "a|b", "a%7Cb"
};

// What of the text is an escape.
enum class Escapes : std::uint8_t {
  kNone,     // header fields
  kPercent,  // paths, cookies
  kForm,     // queries: '+' is a space, too
  kFormBody  // the same, and text may hold tabs and line breaks
};

inline constexpr std::size_t kPiecesMax = 65'536;  // of one value that is a list

struct StyledText {
  std::string_view raw;
  Style style = Style::kSimple;
  bool explode = false;
  Escapes escapes = Escapes::kPercent;
  std::string_view name;  // of the parameter, which kMatrix repeats
};

struct Member {
  std::string_view name;
  std::string_view value;
};

// The value as one text, as a list, and as an object. Nothing if it is not written so, has a bad escape, or
// decodes to a control character or to what is not UTF-8.
std::optional<std::string_view> read_text(const StyledText& text, Arena& arena);
std::optional<std::span<const std::string_view>> read_items(const StyledText& text, Arena& arena);
std::optional<std::span<const Member>> read_members(const StyledText& text, Arena& arena);

// One part, decoded.
std::optional<std::string_view> decode_part(std::string_view raw, Escapes escapes, Arena& arena);

struct FormPair {
  std::string_view name;
  std::string_view value;
  std::string_view raw;  // the value as received
};
// A body of application/x-www-form-urlencoded. Nothing if it is not strictly that: bytes that its encoding
// never leaves bare, bad escapes, more than `pairs_max` pairs.
std::optional<std::span<const FormPair>> read_form(std::string_view body, std::uint32_t pairs_max,
                                                   Arena& arena);

// "[a][b]": a, b. Nothing if the brackets do not match, name nothing, or are more than `keys_max`.
std::optional<std::span<const std::string_view>> read_brackets(std::string_view text, std::uint32_t keys_max,
                                                               Arena& arena);

}  // namespace caponier::uri
