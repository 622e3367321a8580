#include "stages/identity_headers.h"

#include <algorithm>

namespace caponier::stages {
namespace {

// Visible ASCII as it is, everything else and '%' percent-encoded, so that decoding gives exactly the claim.
void append_claim(TextWriter& out, std::string_view text) {
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f && c != '%'; };
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

void append_scopes(TextWriter& out, const std::vector<std::string>& scopes) {
  if (scopes.empty()) return;
  out.put("Caponier-Scope: ");
  for (const std::string& scope : scopes) {
    if (&scope != &scopes.front()) out.put(' ');
    append_claim(out, scope);
  }
  out.put("\r\n");
}

}  // namespace

void append_identity_headers(TextWriter& out, std::string_view subject, std::string_view issuer,
                             const std::vector<std::string>& scopes) {
  if (!subject.empty()) {
    out.put("Caponier-Subject: ");
    append_claim(out, subject);
    out.put("\r\n");
  }
  if (!issuer.empty()) {
    out.put("Caponier-Issuer: ");
    append_claim(out, issuer);
    out.put("\r\n");
  }
  append_scopes(out, scopes);
}

}  // namespace caponier::stages
