#include "http/request_line.h"

#include <algorithm>

#include "base/bytes.h"
#include "http/characters.h"
#include "http/field_values.h"

namespace caponier::http {
namespace {

bool take_prefix_ignoring_case(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size() || !equals_ignore_case(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<DecodeError> parse_target(RequestHead& head) {
  if (!all_of_class(head.target, kTargetCharacter)) return DecodeError::kTarget;
  std::string_view rest = head.target;
  if (take_prefix_ignoring_case(rest, "http://") || take_prefix_ignoring_case(rest, "https://")) {
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    head.authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!is_authority(head.authority)) return DecodeError::kTarget;
  } else if (!rest.starts_with('/')) {
    return DecodeError::kTarget;
  }
  const std::size_t question = rest.find('?');
  head.path = rest.substr(0, question);
  if (head.path.empty()) head.path = "/";
  head.has_query = question != std::string_view::npos;
  head.query = head.has_query ? rest.substr(question + 1) : std::string_view{};
  return std::nullopt;
}

}  // namespace

std::optional<DecodeError> parse_request_line(std::string_view line, RequestHead& head) {
  head = RequestHead{};
  const std::size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos) return DecodeError::kRequestLine;
  head.method_text = line.substr(0, method_end);
  if (!is_token(head.method_text)) return DecodeError::kMethod;

  line.remove_prefix(method_end + 1);
  const std::size_t target_end = line.find(' ');
  if (target_end == 0 || target_end == std::string_view::npos) return DecodeError::kRequestLine;
  head.target = line.substr(0, target_end);

  const std::string_view version = line.substr(target_end + 1);
  if (!version.starts_with("HTTP/") || version.find(' ') != std::string_view::npos)
    return DecodeError::kRequestLine;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return DecodeError::kVersion;
  head.minor_version = version.back() == '1' ? 1 : 0;

  head.method = parse_method(head.method_text);
  // Its target is a host and port to connect to, which nobody gets from here.
  if (head.method == Method::kConnect) return DecodeError::kTarget;
  return parse_target(head);
}

}  // namespace caponier::http
