// International names: RFC 5890 to 5893 through libidn2, and mailboxes of RFC 6531. The only formats whose
// judging asks the heap for memory, and only where a label is not plain ASCII.
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "schema/format.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kNameBytesMax = 253;
// Of a label in UTF-8: a longer one has no A-label that fits.
constexpr std::size_t kWideLabelBytesMax = 4 * kLabelBytesMax;

using Buffer = std::array<std::uint8_t, kWideLabelBytesMax + 2>;

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// False if the label does not fit, or holds what would end it early.
bool copy_label(std::string_view label, std::string_view before, Buffer& out) {
  if (label.size() > kWideLabelBytesMax || label.find('\0') != std::string_view::npos) return false;
  out = {};
  std::copy_n(label.begin(), label.size(), std::copy_n(before.begin(), before.size(), out.begin()));
  return true;
}

// What libidn2 says to registering the label: stricter than looking it up, with every contextual rule.
int register_label(const Buffer* wide, const Buffer* ascii, std::size_t* length) {
  std::uint8_t* out = nullptr;
  const int result = idn2_register_u8(wide == nullptr ? nullptr : wide->data(),
                                      ascii == nullptr ? nullptr : ascii->data(), &out, 0);
  if (result == IDN2_OK && out != nullptr && length != nullptr)
    *length = std::strlen(reinterpret_cast<const char*>(out));
  idn2_free(out);
  return result;
}

bool has_reserved_hyphens(std::string_view label) {
  return label.size() >= 4 && label[2] == '-' && label[3] == '-';
}

// RFC 5893: a label of a right-to-left script may not begin with a digit, so it fails if it is given one.
bool is_right_to_left(std::string_view label) {
  Buffer text;
  if (!is_ascii(label))
    return copy_label(label, "0", text) && register_label(&text, nullptr, nullptr) == IDN2_BIDI;
  if (!is_a_label(label) || !copy_label(label, {}, text)) return false;
  char* wide = nullptr;
  const int result = idn2_to_unicode_8z8z(reinterpret_cast<const char*>(text.data()), &wide, 0);
  const bool found = result == IDN2_OK && !is_ascii(wide) && is_right_to_left(wide);
  idn2_free(wide);
  return found;
}

// RFC 5893 section 2, rule 4: digits of one kind only, which libidn2 does not see to.
bool mixes_digits(std::string_view label) {
  bool european = false;
  bool arabic = false;
  for (std::size_t i = 0; i < label.size(); ++i) {
    const std::string_view pair = label.substr(i, 2);
    european = european || is_digit(label[i]) || (pair >= "\xDB\xB0" && pair <= "\xDB\xB9");
    arabic = arabic || (pair >= "\xD9\xA0" && pair <= "\xD9\xA9");
  }
  return european && arabic;
}

// The label's length as an A-label, or 0 if it is none.
std::size_t label_length(std::string_view label) {
  if (is_ascii(label)) {
    const bool holds = is_label(label) && (is_a_label(label) || !has_reserved_hyphens(label));
    return holds ? label.size() : 0;
  }
  Buffer text;
  std::size_t length = 0;
  if (mixes_digits(label) || !copy_label(label, {}, text) ||
      register_label(&text, nullptr, &length) != IDN2_OK)
    return 0;
  return length <= kLabelBytesMax ? length : 0;
}

// Takes the first label off `text`, and what separates it from the next: a full stop of ASCII, or one of
// those that RFC 3490 section 3.1 takes for it. `more` tells whether there was one.
std::string_view take_label(std::string_view& text, bool& more) {
  constexpr std::string_view kWideStops[] = {"\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"};
  more = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t width = text[at] == '.' ? 1 : 0;
    for (const std::string_view stop : kWideStops) {
      if (text.substr(at).starts_with(stop)) width = stop.size();
    }
    if (width == 0) continue;
    const std::string_view label = text.substr(0, at);
    text.remove_prefix(at + width);
    return label;
  }
  more = false;
  return std::exchange(text, {});
}

// RFC 6531 section 3.3: everything beyond ASCII may stand where letters may.
bool is_wide_local_part(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  if (is_quoted) text = text.substr(1, text.size() - 2);
  bool after_dot = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      after_dot = false;
      continue;
    }
    if (is_quoted) {
      if (c == '"' || c < ' ' || c > '~' || (c == '\\' && ++i == text.size())) return false;
    } else if (c == '.') {
      if (std::exchange(after_dot, true)) return false;
    } else {
      if (!is_atom_character(c)) return false;
      after_dot = false;
    }
  }
  return is_quoted || !after_dot;
}

// A domain whose labels need not be in normal form C.
bool is_wide_mail_domain(std::string_view domain) {
  if (is_ascii(domain)) return is_mail_domain(domain);
  std::array<std::uint8_t, 4 * kNameBytesMax + 1> text{};
  if (domain.size() >= text.size() || domain.find('\0') != std::string_view::npos) return false;
  std::copy_n(domain.begin(), domain.size(), text.begin());
  std::uint8_t* out = nullptr;
  const int result = idn2_lookup_u8(text.data(), &out, IDN2_NFC_INPUT | IDN2_NO_TR46);
  const bool holds = result == IDN2_OK && is_hostname(reinterpret_cast<const char*>(out));
  idn2_free(out);
  return holds;
}

}  // namespace

bool is_a_label(std::string_view label) {
  if (label.size() < 4 || label.size() > kLabelBytesMax || !equals_ignore_case(label.substr(0, 4), "xn--"))
    return false;
  Buffer text;
  if (!copy_label(label, {}, text)) return false;
  for (std::uint8_t& c : text) c = static_cast<std::uint8_t>(to_lower(static_cast<char>(c)));
  return register_label(nullptr, &text, nullptr) == IDN2_OK;
}

bool is_idn_hostname(std::string_view text) {
  const std::string_view whole = text;
  std::size_t length = 0;
  bool digit_first = false;
  bool more = true;
  bool wide = false;
  while (more) {
    const std::string_view label = take_label(text, more);
    const std::size_t bytes = label_length(label);
    if (bytes == 0) return false;
    length += bytes + (more ? 1 : 0);
    if (length > kNameBytesMax) return false;
    digit_first = digit_first || is_digit(label[0]);
    wide = wide || bytes != label.size() || is_a_label(label);
  }
  if (!digit_first || !wide) return true;
  // One label that runs from right to left binds them all.
  text = whole;
  more = true;
  while (more) {
    if (is_right_to_left(take_label(text, more))) return false;
  }
  return true;
}

bool is_idn_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  return is_wide_local_part(text.substr(0, at)) && is_wide_mail_domain(text.substr(at + 1));
}

}  // namespace caponier::schema
