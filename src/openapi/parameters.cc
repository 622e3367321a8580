#include "openapi/parameters.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "openapi/content.h"
#include "openapi/object_rules.h"
#include "openapi/unserved.h"

namespace caponier::openapi {
namespace {

struct Place {
  std::string_view name;
  ParameterIn in;
  Style default_style;
};
constexpr Place kPlaces[] = {{"path", ParameterIn::kPath, Style::kSimple},
                             {"query", ParameterIn::kQuery, Style::kForm},
                             {"header", ParameterIn::kHeader, Style::kSimple},
                             {"cookie", ParameterIn::kCookie, Style::kForm}};

struct StyleName {
  std::string_view name;
  Style style;
};
constexpr StyleName kStyles[] = {{"simple", Style::kSimple},
                                 {"label", Style::kLabel},
                                 {"matrix", Style::kMatrix},
                                 {"form", Style::kForm},
                                 {"spaceDelimited", Style::kSpaceDelimited},
                                 {"pipeDelimited", Style::kPipeDelimited},
                                 {"deepObject", Style::kDeepObject}};

// OpenAPI 3.1, "Style Values".
bool style_fits(Style style, ParameterIn in) {
  switch (style) {
    case Style::kSimple:
      return in == ParameterIn::kPath || in == ParameterIn::kHeader;
    case Style::kLabel:
    case Style::kMatrix:
      return in == ParameterIn::kPath;
    case Style::kForm:
      return in == ParameterIn::kQuery || in == ParameterIn::kCookie;
    case Style::kSpaceDelimited:
    case Style::kPipeDelimited:
    case Style::kDeepObject:
      return in == ParameterIn::kQuery;
  }
  return false;
}

const Place* place_of(Reader& reader, const Node& node) {
  const Node* in = member(node, "in", NodeKind::kString);
  if (in == nullptr) return nullptr;
  std::vector<std::string_view> names;
  for (const Place& place : kPlaces) {
    if (place.name == in->text) return &place;
    names.push_back(place.name);
  }
  if (in->text == "body" || in->text == "formData") {
    reader.error(*in, "invalid-value", quote(in->text) + " parameters belong to Swagger 2.0",
                 "Declare a `requestBody`.");
    return nullptr;
  }
  const std::string_view meant = did_you_mean(in->text, names);
  reader.error(*in, "invalid-value", quote(in->text) + " is not a place for a parameter",
               meant.empty() ? "Write path, query, header or cookie." : "Did you mean " + quote(meant) + "?");
  return nullptr;
}

void read_style(Reader& reader, const Node& node, const Place& place, Parameter& parameter) {
  parameter.style = place.default_style;
  if (const Node* written = member(node, "style", NodeKind::kString)) {
    const auto* known = std::find_if(std::begin(kStyles), std::end(kStyles),
                                     [written](const StyleName& s) { return s.name == written->text; });
    if (known == std::end(kStyles)) {
      reader.error(*written, "invalid-value", quote(written->text) + " is not a style",
                   "Remove `style`, or write one that OpenAPI knows.");
    } else if (!style_fits(known->style, place.in)) {
      reader.error(
          *written, "invalid-value",
          "a " + std::string(place.name) + " parameter cannot have the style " + quote(written->text));
    } else {
      parameter.style = known->style;  // whether it is enforced is for the plan to say
    }
  }
  // OpenAPI 3.1, "Fixed Fields for use with schema": true for form, false otherwise.
  parameter.explode = boolean_member(node, "explode", parameter.style == Style::kForm);
}

void read_shape(Reader& reader, const Node& node, Parameter& parameter) {
  const Node* schema = node.find("schema");
  const Node* content = member(node, "content", NodeKind::kObject);
  if (schema != nullptr && content != nullptr) {
    reader.error(node, "invalid-value",
                 "parameter " + quote(parameter.name) + " has both `schema` and `content`",
                 "Keep one of the two.");
    return;
  }
  if (content == nullptr) {
    parameter.schema = schema;
    if (schema == nullptr) {
      reader.error(node, "missing-member", "parameter " + quote(parameter.name) + " has no `schema`",
                   "Add `schema`, or `content` with one media type.");
    }
    return;
  }
  if (const Node* style = node.find("style")) {
    reader.error(*style, "invalid-value", "`style` has no meaning beside `content`", "Remove it.");
  }
  const std::vector<MediaTypeBody> bodies = read_content(reader, *content);
  if (content->child_count != 1) {
    reader.error(*content, "invalid-value",
                 "the `content` of parameter " + quote(parameter.name) + " must name exactly one media type");
    return;
  }
  if (bodies.empty()) return;
  parameter.content_type = bodies.front().media_type;
  parameter.content_schema = bodies.front().schema;
}

// OpenAPI 3.1, "Parameter Object": these three are described by `content`, `responses` and `security`.
bool is_ignored_header(const Parameter& parameter) {
  return parameter.in == ParameterIn::kHeader && (equals_ignore_case(parameter.name, "Accept") ||
                                                  equals_ignore_case(parameter.name, "Content-Type") ||
                                                  equals_ignore_case(parameter.name, "Authorization"));
}

std::optional<Parameter> read_definition(Reader& reader, const Node& node) {
  if (!check_object(reader, node, rules::kParameter)) return std::nullopt;
  const Place* place = place_of(reader, node);
  Parameter parameter;
  parameter.node = &node;
  parameter.name = text_member(node, "name");
  if (place == nullptr || parameter.name.empty()) {
    if (const Node* name = member(node, "name", NodeKind::kString); name != nullptr && name->text.empty()) {
      reader.error(*name, "invalid-value", "a parameter's name must not be empty");
    }
    return std::nullopt;
  }
  parameter.in = place->in;
  parameter.required = boolean_member(node, "required");
  parameter.deprecated = boolean_member(node, "deprecated");
  parameter.allow_empty_value = boolean_member(node, "allowEmptyValue");
  parameter.allow_reserved = boolean_member(node, "allowReserved");
  read_style(reader, node, *place, parameter);
  read_shape(reader, node, parameter);
  check_example_members(reader, node);
  if (place->in == ParameterIn::kPath && !parameter.required) {
    reader.finding(
        node, "path-parameter",
        "path parameter " + quote(parameter.name) + " does not say that it is required, which it is",
        "Add `required: true`.");
    parameter.required = true;
  }
  const Node* reserved = node.find("allowReserved");
  if (reserved != nullptr && place->in != ParameterIn::kQuery && reader.is_31()) {
    reader.error(*reserved, "invalid-value", "only query parameters have `allowReserved`", "Remove it.");
  }
  if (parameter.allow_empty_value && place->in != ParameterIn::kQuery) {
    reader.error(*node.find("allowEmptyValue"), "invalid-value",
                 "only query parameters have `allowEmptyValue`", "Remove it.");
  }
  if (is_ignored_header(parameter)) {
    reader.note(node, "ignored-parameter",
                "OpenAPI describes the header " + quote(parameter.name) +
                    " by media types and security, not by a parameter");
  }
  return parameter;
}

bool same_parameter(const Parameter& a, const Parameter& b) {
  if (a.in != b.in) return false;
  return a.in == ParameterIn::kHeader ? equals_ignore_case(a.name, b.name) : a.name == b.name;
}

std::vector<Parameter> read_list(Reader& reader, const Node* list) {
  std::vector<Parameter> out;
  if (list == nullptr) return out;
  for (const Node& entry : *list) {
    const std::optional<Parameter>& parameter = read_parameter(reader, entry);
    if (!parameter) continue;
    const bool twice = std::any_of(out.begin(), out.end(), [&parameter](const Parameter& other) {
      return same_parameter(other, *parameter);
    });
    if (twice) {
      reader.error(entry, "duplicate-parameter", "parameter " + quote(parameter->name) + " is declared twice",
                   "Remove one of the two.");
      continue;
    }
    out.push_back(*parameter);
  }
  return out;
}

}  // namespace

const std::optional<Parameter>& read_parameter(Reader& reader, const Node& node) {
  static const std::optional<Parameter> nothing;
  const Node* target = reader.dereference(node);
  if (target == nullptr) return nothing;
  const auto known = reader.parameters.find(target);
  if (known != reader.parameters.end()) return known->second;
  return reader.parameters.emplace(target, read_definition(reader, *target)).first->second;
}

std::vector<Parameter> merge_parameters(Reader& reader, const Node* shared, const Node* own) {
  std::vector<Parameter> out = read_list(reader, shared);
  for (Parameter& parameter : read_list(reader, own)) {
    const auto replaced = std::find_if(out.begin(), out.end(), [&parameter](const Parameter& other) {
      return same_parameter(other, parameter);
    });
    if (replaced == out.end()) {
      out.push_back(std::move(parameter));
    } else {
      *replaced = std::move(parameter);
    }
  }
  std::erase_if(out, is_ignored_header);
  return out;
}

std::vector<std::string_view> template_names(Reader& reader, const Node& key, std::string_view path) {
  std::vector<std::string_view> names;
  const auto malformed = [&reader, &key](std::string message) {
    reader.error_at_key(key, "path-template", std::move(message),
                        "Write each parameter as \"{name}\", once, within one segment.");
  };
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '}') {
      malformed("the path has a closing brace without an opening one");
      return names;
    }
    if (path[at] != '{') continue;
    const std::size_t end = path.find_first_of("{}/?#", at + 1);
    if (end == std::string_view::npos || path[end] != '}' || end == at + 1) {
      malformed("the path has a brace that does not enclose a name");
      return names;
    }
    const std::string_view name = path.substr(at + 1, end - at - 1);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      malformed("the path names the parameter " + quote(name) + " twice");
    }
    names.push_back(name);
    at = end;
  }
  return names;
}

void check_path_parameters(Reader& reader, const Node& operation, const std::vector<std::string_view>& names,
                           const std::vector<Parameter>& parameters) {
  for (const std::string_view name : names) {
    const bool declared = std::any_of(parameters.begin(), parameters.end(), [name](const Parameter& p) {
      return p.in == ParameterIn::kPath && p.name == name;
    });
    if (declared) continue;
    reader.finding_at_key(
        operation, "path-parameter",
        "the path's " + quote(name) + " is not declared as a path parameter, so that any text passes",
        "Add a parameter with `in: path` and `required: true`.");
  }
  for (const Parameter& parameter : parameters) {
    if (parameter.in != ParameterIn::kPath) continue;
    if (std::find(names.begin(), names.end(), parameter.name) != names.end()) continue;
    reader.finding(
        *parameter.node, "path-parameter",
        "path parameter " + quote(parameter.name) + " does not occur in the path, and judges nothing",
        "Remove it, or add it to the path between braces.");
  }
}

}  // namespace caponier::openapi
