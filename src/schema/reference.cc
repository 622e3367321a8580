#include "schema/reference.h"

#include "base/bytes.h"

namespace caponier::schema {
namespace {

// RFC 3986 section 3, by the delimiters alone.
struct Parts {
  std::string_view scheme;     // with its colon; empty if there is none
  std::string_view authority;  // with its slashes; empty if there is none
  std::string_view path;
  std::string_view query;     // with its question mark
  std::string_view fragment;  // with its hash
};

// Where `c` stands first, or the end.
std::size_t first(std::string_view text, char c, std::size_t from = 0) {
  while (from < text.size() && text[from] != c) ++from;
  return from;
}

std::string_view take_scheme(std::string_view& text) {
  const std::size_t colon = first(text, ':');
  if (colon == text.size() || colon == 0 || !is_alpha(text[0])) return {};
  for (const char c : text.substr(0, colon)) {
    if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return {};
  }
  const std::string_view scheme = text.substr(0, colon + 1);
  text.remove_prefix(colon + 1);
  return scheme;
}

Parts parts_of(std::string_view text) {
  Parts out;
  const std::size_t hash = first(text, '#');
  out.fragment = text.substr(hash);
  text = text.substr(0, hash);
  const std::size_t mark = first(text, '?');
  out.query = text.substr(mark);
  text = text.substr(0, mark);
  out.scheme = take_scheme(text);
  if (text.starts_with("//")) {
    const std::size_t end = first(text, '/', 2);
    out.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  out.path = text;
  return out;
}

// RFC 3986 section 5.2.4. Segments that lead above the beginning are dropped.
std::string without_dots(std::string_view path) {
  std::string out;
  const bool relative = path.empty() || path[0] != '/';
  while (!path.empty()) {
    // A relative path stays one.
    if (relative && out.empty() && path[0] == '/') path.remove_prefix(1);
    const bool rooted = path[0] == '/';
    const std::size_t end = first(path, '/', rooted ? 1 : 0);
    const std::string_view whole = path.substr(0, end);
    const std::string_view segment = rooted ? whole.substr(1) : whole;
    path.remove_prefix(end);
    if (segment == "." || segment == "..") {
      if (segment == "..") {
        const std::size_t slash = out.rfind('/');
        out.resize(slash == std::string::npos ? 0 : slash);
      }
      if (path.empty() && rooted) out += '/';
      continue;
    }
    out += whole;
  }
  return out;
}

std::string merged_path(const Parts& base, std::string_view path) {
  if (base.path.empty() && !base.authority.empty()) return "/" + std::string(path);
  const std::size_t slash = base.path.rfind('/');
  return std::string(slash == std::string_view::npos ? std::string_view() : base.path.substr(0, slash + 1)) +
         std::string(path);
}

}  // namespace

std::string resolve_reference(std::string_view base_text, std::string_view reference) {
  const Parts base = parts_of(base_text);
  const Parts r = parts_of(reference);
  const auto joined = [](std::string_view scheme, std::string_view authority, std::string_view path,
                         std::string_view query, std::string_view fragment) {
    std::string out(scheme);
    return out.append(authority).append(path).append(query).append(fragment);
  };
  if (!r.scheme.empty()) return joined(r.scheme, r.authority, without_dots(r.path), r.query, r.fragment);
  if (!r.authority.empty())
    return joined(base.scheme, r.authority, without_dots(r.path), r.query, r.fragment);
  if (r.path.empty()) {
    return joined(base.scheme, base.authority, base.path, r.query.empty() ? base.query : r.query, r.fragment);
  }
  const std::string path = r.path[0] == '/' ? without_dots(r.path) : without_dots(merged_path(base, r.path));
  return joined(base.scheme, base.authority, path, r.query, r.fragment);
}

SplitReference split_reference(std::string_view reference) {
  SplitReference out;
  const std::size_t hash = first(reference, '#');
  out.uri = reference.substr(0, hash);
  if (hash == reference.size()) return out;
  const std::string_view raw = reference.substr(hash + 1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool escape =
        raw[i] == '%' && i + 2 < raw.size() && hex_value(raw[i + 1]) >= 0 && hex_value(raw[i + 2]) >= 0;
    if (!escape) {
      out.fragment += raw[i];
      continue;
    }
    out.fragment += static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace caponier::schema
