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

// The target is made of target characters only.
std::optional<DecodeError> split_target(RequestHead& head) {
  std::string_view rest = head.target;
  head.authority = {};
  if (rest.front() != '/') {
    if (!take_prefix_ignoring_case(rest, "http://") && !take_prefix_ignoring_case(rest, "https://")) {
      return DecodeError::kTarget;
    }
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    head.authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!is_authority(head.authority)) return DecodeError::kTarget;
  }
  const std::size_t question = rest.find('?');
  head.path = rest.substr(0, question);
  if (head.path.empty()) head.path = "/";
  head.has_query = question != std::string_view::npos;
  head.query = head.has_query ? rest.substr(question + 1) : std::string_view{};
  return std::nullopt;
}

std::optional<DecodeError> take_apart(RequestHead& head) {
  head.method = parse_method(head.method_text);
  // Its target is a host and port to connect to, which nobody gets from here.
  if (head.method == Method::kConnect) return DecodeError::kTarget;
  return split_target(head);
}

std::string_view between(const char* first, const char* last) {
  return {first, static_cast<std::size_t>(last - first)};
}

}  // namespace

std::optional<DecodeError> parse_request_line(std::string_view line, RequestHead& head) {
  const char* const end = line.data() + line.size();
  const char* const method_end = skip_class(line.data(), end, kTokenCharacter);
  if (method_end == end) return DecodeError::kRequestLine;
  if (method_end == line.data() || *method_end != ' ') return DecodeError::kMethod;
  head.method_text = between(line.data(), method_end);

  const char* const target = method_end + 1;
  const char* const target_end = skip_class(target, end, kTargetCharacter);
  if (target_end == end) return DecodeError::kRequestLine;
  if (*target_end != ' ') return DecodeError::kTarget;
  if (target_end == target) return DecodeError::kRequestLine;
  head.target = between(target, target_end);

  const std::string_view version = between(target_end + 1, end);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool is_version = version.starts_with("HTTP/") && version.find(' ') == std::string_view::npos;
    return is_version ? DecodeError::kVersion : DecodeError::kRequestLine;
  }
  head.minor_version = version.back() == '1' ? 1 : 0;

  return take_apart(head);
}

std::optional<DecodeError> parse_method_and_target(std::string_view method, std::string_view target,
                                                   RequestHead& head) {
  if (!is_token(method)) return DecodeError::kMethod;
  if (target.empty() || !all_of_class(target, kTargetCharacter)) return DecodeError::kTarget;
  head.method_text = method;
  head.target = target;
  return take_apart(head);
}

}  // namespace caponier::http
