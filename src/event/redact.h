// What of a text may be written down. Judged here once, for every record.
#pragma once

#include <cstddef>
#include <string_view>

namespace caponier::event {

// The longest prefix of `text` of at most `bytes_max` bytes that ends between two UTF-8 sequences.
std::string_view cut(std::string_view text, std::size_t bytes_max);
// True if a path segment could be a token or personal data.
bool is_opaque_segment(std::string_view segment);
// Writes `path` with opaque segments replaced to `out`, which has room for `bytes_max`; returns how many
// bytes it wrote.
std::size_t redact_path(std::string_view path, char* out, std::size_t bytes_max);
// True if a subject looks like a name or an address of a person.
bool is_personal(std::string_view subject);
// True for "token:..." and "key:..." of a length that no credential has.
bool is_credential_name(std::string_view credential);

}  // namespace caponier::event
