#include "http/multipart.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/canary.h"
#include "http/characters.h"

namespace caponier::http {
namespace {

using Error = MultipartError;
template <class T>
using Parsed = Result<T, Error>;

constexpr std::size_t kBoundaryBytesMax = 70;
constexpr std::string_view kLineEnd = "\r\n";

// RFC 2046, section 5.1.1, but for what no client writes: some readers take a boundary to end at a comma or a
// space.
bool is_boundary(std::string_view boundary) {
  static constexpr std::string_view kMarks = "'+_-.=/:";
  const auto fits = [](char c) {
    return is_alpha(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
  };
  return !boundary.empty() && boundary.size() <= kBoundaryBytesMax && std::ranges::all_of(boundary, fits);
}

std::string_view trim_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// `name="value"` off the front of `text`. The value stands between quotes and has no escape: what a backslash
// means there depends on who reads it.
struct Attribute {
  std::string_view name;
  std::string_view value;
};
std::optional<Attribute> take_attribute(std::string_view& text) {
  text = trim_blanks(text);
  if (!text.starts_with(';')) return std::nullopt;
  text = trim_blanks(text.substr(1));
  Attribute attribute;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  attribute.name = text.substr(0, equals);
  text.remove_prefix(equals + 1);
  if (text.starts_with('"')) {
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    attribute.value = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    const std::size_t end = std::min(text.find_first_of("; \t"), text.size());
    attribute.value = text.substr(0, end);
    if (!is_token(attribute.value)) return std::nullopt;
    text.remove_prefix(end);
  }
  if (!is_token(attribute.name) || attribute.value.find('\\') != std::string_view::npos) return std::nullopt;
  return attribute;
}

bool is_file_name(std::string_view name) {
  return is_utf8(name) && name != "." && name != ".." &&
         std::ranges::none_of(name, [](char c) { return is_control(c) || c == '/'; });
}

// RFC 7578 section 4.2.
std::optional<Error> read_disposition(std::string_view value, Part& part) {
  const std::size_t end = std::min(value.find(';'), value.size());
  if (!equals_ignore_case(trim_blanks(value.substr(0, end)), "form-data")) return Error::kDisposition;
  std::string_view rest = value.substr(end);
  bool named = false;
  while (!trim_blanks(rest).empty()) {
    const auto attribute = take_attribute(rest);
    if (!attribute) return Error::kDisposition;
    if (equals_ignore_case(attribute->name, "name") && !named) {
      named = true;
      part.name = attribute->value;
    } else if (equals_ignore_case(attribute->name, "filename") && !part.filename) {
      if (!is_file_name(attribute->value)) return Error::kFileName;
      part.filename = attribute->value;
    } else {
      return Error::kDisposition;
    }
  }
  const bool clean = is_utf8(part.name) && std::ranges::none_of(part.name, is_control);
  return named && clean && !part.name.empty() ? std::nullopt : std::optional(Error::kDisposition);
}

// What is being read of one part's head.
struct Head {
  std::span<Header> others;
  std::size_t used = 0;
  bool disposition = false;
  bool type = false;
  std::optional<std::uint64_t> length;
};

std::optional<Error> read_line(std::string_view line, Part& part, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return Error::kHeaderLine;
  const Header header{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
  if (std::ranges::any_of(header.value, [](char c) { return is_control(c) && c != '\t'; }))
    return Error::kHeaderLine;
  if (equals_ignore_case(header.name, "Content-Disposition")) {
    if (std::exchange(head.disposition, true)) return Error::kRepeatedHeader;
    return read_disposition(header.value, part);
  }
  if (equals_ignore_case(header.name, "Content-Type")) {
    part.content_type = header.value;
    if (header.value.empty()) return Error::kHeaderLine;
    return std::exchange(head.type, true) ? std::optional(Error::kRepeatedHeader) : std::nullopt;
  }
  if (equals_ignore_case(header.name, "Content-Length")) {
    if (head.length) return Error::kRepeatedHeader;
    head.length = parse_decimal(header.value);
    return head.length ? std::nullopt : std::optional(Error::kLength);
  }
  if (equals_ignore_case(header.name, "Content-Transfer-Encoding")) {
    const bool plain = equals_ignore_case(header.value, "binary") ||
                       equals_ignore_case(header.value, "8bit") || equals_ignore_case(header.value, "7bit");
    return plain ? std::nullopt : std::optional(Error::kTransferEncoding);
  }
  if (head.used == head.others.size()) return Error::kTooManyHeaders;
  head.others[head.used++] = header;
  return std::nullopt;
}

// One part, from after its delimiter's line to before the next delimiter.
std::optional<Error> read_part(std::string_view text, const FormLimits& limits, Arena& arena, Part& part) {
  Head head;
  head.others = arena.array<Header>(limits.part_headers_max);
  std::size_t head_bytes = 0;
  for (;;) {
    const std::size_t end = text.find(kLineEnd);
    if (end == std::string_view::npos) return Error::kHeaderLine;
    head_bytes += end + kLineEnd.size();
    if (head_bytes > limits.part_head_bytes_max) return Error::kHeaderTooLong;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (line.empty()) break;
    if (const auto error = read_line(line, part, head)) return error;
  }
  if (!head.disposition) return Error::kDisposition;
  if (head.length && *head.length != text.size()) return Error::kLength;
  part.others = head.others.first(head.used);
  part.body = text;
  return std::nullopt;
}

// "--boundary" at the front of `text`, and what follows on its line: nothing, or "--" at the end.
enum class Delimiter : std::uint8_t { kNone, kPart, kClose };
Delimiter take_delimiter(std::string_view& text, std::string_view boundary) {
  if (!text.starts_with("--") || !text.substr(2).starts_with(boundary)) return Delimiter::kNone;
  const std::string_view rest = text.substr(2 + boundary.size());
  if (rest.starts_with("--")) {
    text = rest.substr(2);
    return Delimiter::kClose;
  }
  if (!rest.starts_with(kLineEnd)) return Delimiter::kNone;
  text = rest.substr(kLineEnd.size());
  return Delimiter::kPart;
}

// Where the line break before the next "--boundary" begins. One that is not followed as a delimiter must be
// is found as well, and is an error: some readers take it for one.
std::size_t find_delimiter(std::string_view text, std::string_view boundary) {
  for (std::size_t at = text.find("\r\n--"); at != std::string_view::npos; at = text.find("\r\n--", at + 1)) {
    if (text.substr(at + 4).starts_with(boundary)) return at;
  }
  return std::string_view::npos;
}

// Whether "--boundary" stands anywhere in `part`, where RFC 2046 has none: behind a bare line feed, or in the
// middle of a line, some readers take it for a delimiter all the same.
bool holds_delimiter(std::string_view part, std::string_view boundary) {
  for (std::size_t at = part.find("--"); at != std::string_view::npos; at = part.find("--", at + 1)) {
    if (part.substr(at + 2).starts_with(boundary)) return true;
  }
  return false;
}

}  // namespace

std::string_view name(MultipartError error) {
  constexpr std::string_view kNames[] = {
      "bad-boundary",      "bad-delimiter",    "truncated",      "trailing-bytes",      "header-line",
      "header-too-long",   "too-many-headers", "too-many-parts", "content-disposition", "file-name",
      "transfer-encoding", "repeated-header",  "content-length"};
  return kNames[static_cast<std::size_t>(error)];
}

Result<std::span<const Part>, MultipartError> parse_multipart(std::string_view body,
                                                              std::string_view boundary,
                                                              const FormLimits& limits, Arena& arena) {
  if (!is_boundary(boundary)) return Err(Error::kBoundary);
  const std::span<Part> parts = arena.array<Part>(limits.parts_max + (canary("multipart-parts") ? 1 : 0));
  std::size_t used = 0;
  Delimiter delimiter = take_delimiter(body, boundary);
  for (; delimiter == Delimiter::kPart; delimiter = take_delimiter(body, boundary)) {
    if (used == parts.size()) return Err(Error::kTooManyParts);
    const std::size_t end = find_delimiter(body, boundary);
    if (end == std::string_view::npos) return Err(Error::kTruncated);
    if (holds_delimiter(body.substr(0, end), boundary)) return Err(Error::kDelimiter);
    if (const auto error = read_part(body.substr(0, end), limits, arena, parts[used])) return Err(*error);
    ++used;
    body.remove_prefix(end + kLineEnd.size());
  }
  if (delimiter == Delimiter::kNone) return Err(Error::kDelimiter);
  if (!body.empty() && body != kLineEnd) return Err(Error::kTrailingBytes);
  return std::span<const Part>(parts.first(used));
}

}  // namespace caponier::http
