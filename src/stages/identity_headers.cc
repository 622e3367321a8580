#include "stages/identity_headers.h"

#include <algorithm>

namespace caponier::stages {
namespace {

// Visible ASCII as it is, everything else and '%' percent-encoded, so that decoding gives exactly the claim.
// `also` is as good as visible.
void append_claim(TextWriter& out, std::string_view text, char also) {
  const auto is_plain = [also](char c) { return (c > 0x20 && c < 0x7f && c != '%') || c == also; };
  if (std::ranges::all_of(text, is_plain)) {
    out.put(text);
    return;
  }
  for (const char c : text) {
    if (is_plain(c)) {
      out.put(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.put('%').put("0123456789ABCDEF"[byte >> 4]).put("0123456789ABCDEF"[byte & 15]);
  }
}

void append_header(TextWriter& out, std::string_view name, std::string_view text, char also = '!') {
  if (text.empty()) return;
  out.put(name);
  append_claim(out, text, also);
  out.put("\r\n");
}

}  // namespace

void append_identity_headers(TextWriter& out, std::string_view subject, std::string_view issuer,
                             std::string_view scopes) {
  append_header(out, "Caponier-Subject: ", subject);
  append_header(out, "Caponier-Issuer: ", issuer);
  append_header(out, "Caponier-Scope: ", scopes, ' ');
}

}  // namespace caponier::stages
