#include "openapi/servers.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "openapi/object_rules.h"

namespace caponier::openapi {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;

void add_once(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

// What a variable may stand for: its enumeration, else its default.
std::vector<std::string_view> values_of(Reader& reader, const Node& variables, std::string_view name,
                                        const Node& url) {
  const Node* variable = variables.find(name);
  if (variable == nullptr) {
    reader.error(url, "server-variable", "the server URL's variable " + quote(name) + " is not declared",
                 "Declare it under `variables`, with a default.");
    return {};
  }
  std::vector<std::string_view> values;
  if (const Node* list = member(*variable, "enum", NodeKind::kArray)) {
    for (const Node& value : *list) {
      if (value.is_string()) values.push_back(value.text);
    }
  }
  if (values.empty() && member(*variable, "default", NodeKind::kString) != nullptr) {
    values.push_back(text_member(*variable, "default"));
  }
  return values;
}

bool lists(const Node& list, std::string_view text) {
  for (const Node& value : list) {
    if (value.is_string() && value.text == text) return true;
  }
  return false;
}

void check_variables(Reader& reader, const Node& variables) {
  for (const Node& variable : variables) {
    if (!check_object(reader, variable, rules::kServerVariable)) continue;
    const Node* list = member(variable, "enum", NodeKind::kArray);
    const Node* fallback = member(variable, "default", NodeKind::kString);
    if (list == nullptr) continue;
    if (list->child_count == 0) {
      reader.error(*list, "server-variable", "the variable " + quote(variable.key) + " has an empty `enum`",
                   "List its values, or remove `enum`.");
      continue;
    }
    if (fallback != nullptr && !lists(*list, fallback->text)) {
      reader.error(*fallback, "server-variable",
                   "the default of variable " + quote(variable.key) + " is not one of its `enum`",
                   "Add it to `enum`, or choose another default.");
    }
  }
}

// A server URL in the making: texts with their variables replaced one after the other.
std::vector<std::string> expand(Reader& reader, std::string_view text, const Node& variables, const Node& url,
                                std::size_t count_max) {
  std::vector<std::string> out = {""};
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    for (std::string& prefix : out) prefix += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      reader.error(url, "server-url", "the server URL has an opening brace without a closing one");
      return {};
    }
    const std::vector<std::string_view> values =
        values_of(reader, variables, text.substr(open + 1, close - open - 1), url);
    if (out.size() * values.size() > count_max) {
      reader.error(
          url, "server-url",
          "the variables of the server URL multiply to more than " + std::to_string(count_max) + " values",
          "Write the servers out, or shorten the enumerations.");
      return {};
    }
    std::vector<std::string> longer;
    longer.reserve(out.size() * values.size());
    for (const std::string& prefix : out) {
      for (const std::string_view value : values) {
        if (prefix.size() + value.size() <= kUrlBytesMax) longer.push_back(prefix + std::string(value));
      }
    }
    if (longer.size() < out.size() * values.size()) {
      reader.error(url, "server-url", "the server URL is too long with its variables in place");
      return {};
    }
    out = std::move(longer);
    text.remove_prefix(close + 1);
  }
  return out;
}

// The host of "host:port", "[::1]:8443"; nothing if it is not one.
std::optional<std::string> host_of(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return lower(authority.substr(1, end - 1));
  }
  const std::string_view host = authority.substr(0, authority.find(':'));
  const bool plain = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
  if (!plain) return std::nullopt;
  return lower(host);
}

// "/v1" of "/v1/", "v1" and "./v1"; nothing if a path could not begin so.
std::optional<std::string> base_path_of(std::string_view path) {
  if (path.starts_with("./")) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string out(path);
  if (!out.empty() && out.front() != '/') out.insert(out.begin(), '/');
  if (out.find_first_of("?#{}\\ ") != std::string::npos) return std::nullopt;
  if (out.find("//") != std::string::npos) return std::nullopt;
  const std::string closed = out + '/';
  if (closed.find("/./") != std::string::npos || closed.find("/../") != std::string::npos)
    return std::nullopt;
  return out;
}

struct UrlParts {
  std::string_view authority;  // empty: relative
  std::string_view path;
};

// Splits "https://host/path", "//host/path" and relative URLs; braces may stand anywhere.
UrlParts split(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/');
  std::size_t begin = std::string_view::npos;
  if (scheme != std::string_view::npos && scheme < slash) begin = scheme + 3;
  if (url.starts_with("//")) begin = 2;
  if (begin == std::string_view::npos) return {{}, url};
  const std::size_t end = url.find_first_of("/?#", begin);
  if (end == std::string_view::npos) return {url.substr(begin), {}};
  return {url.substr(begin, end - begin), url.substr(end)};
}

void read_parts(Reader& reader, const UrlParts& parts, const Node& variables, const Node& url,
                std::vector<std::string>& paths) {
  for (const std::string& authority : expand(reader, parts.authority, variables, url, kServerHostsMax)) {
    if (authority.empty()) continue;
    if (const std::optional<std::string> host = host_of(authority)) {
      add_once(reader.contract.server_hosts, *host);
    } else {
      reader.error(url, "server-url", quote(authority) + " is not a host name");
    }
  }
  for (const std::string& path : expand(reader, parts.path, variables, url, kServerPathsMax)) {
    if (std::optional<std::string> base = base_path_of(path)) {
      add_once(paths, std::move(*base));
    } else {
      reader.error(url, "server-url", quote(path) + " is not a path that operations can stand under",
                   "Write it without query, fragment, dot segments and empty segments.");
    }
  }
}

void read_server(Reader& reader, const Node& server, std::vector<std::string>& paths) {
  static const Node no_variables;
  if (!check_object(reader, server, rules::kServer)) return;
  const Node* variables = member(server, "variables", NodeKind::kObject);
  if (variables != nullptr) check_variables(reader, *variables);
  if (variables == nullptr) variables = &no_variables;
  const Node* url = member(server, "url", NodeKind::kString);
  if (url == nullptr) return;
  if (url->text.size() > kUrlBytesMax) {
    reader.error(*url, "server-url",
                 "the server URL is longer than " + std::to_string(kUrlBytesMax) + " bytes");
    return;
  }
  if (!url->text.starts_with('{')) {
    read_parts(reader, split(url->text), *variables, *url, paths);
    return;
  }
  // "{server}/v1", "{protocol}://host": only with its values in place is it known what is host and what is
  // path.
  for (const std::string& whole : expand(reader, url->text, *variables, *url, kServerHostsMax)) {
    read_parts(reader, split(whole), no_variables, *url, paths);
  }
}

}  // namespace

std::vector<std::string> read_servers(Reader& reader, const Node& servers) {
  std::vector<std::string> paths;
  for (const Node& server : servers) read_server(reader, server, paths);
  if (paths.size() > kServerPathsMax) {
    reader.error(servers, "server-url",
                 "the servers have more than " + std::to_string(kServerPathsMax) + " different paths",
                 "Declare fewer servers: every operation is reached under every path.");
    paths.resize(1);
  }
  if (paths.empty()) paths.emplace_back();
  return paths;
}

}  // namespace caponier::openapi
