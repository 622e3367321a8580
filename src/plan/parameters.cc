#include "plan/parameters.h"

#include <algorithm>

#include "base/bytes.h"
#include "http/media_type.h"
#include "json/document.h"
#include "plan/member_reader.h"
#include "plan/parameter_default.h"

namespace caponier::plan {
namespace {

const char* const kTakeOut = "declare it otherwise, or take the operation out with exposed: false";

// OpenAPI 3.1, "Parameter Object": described by content, by responses and by security, not here.
bool is_described_elsewhere(const openapi::Parameter& parameter) {
  if (parameter.in != openapi::ParameterIn::kHeader) return false;
  for (const char* const header : {"accept", "content-type", "authorization"}) {
    if (equals_ignore_case(parameter.name, header)) return true;
  }
  return false;
}

void refuse(Compilation& compilation, const Node* node, std::string message, const char* fix = kTakeOut,
            const char* code = "not-enforced-yet") {
  compilation.report.error(compilation.in_contract(node), code, std::move(message), fix);
}

// True if the parameter is of a form that is enforced.
bool check_form(Compilation& compilation, const openapi::Parameter& declared) {
  if (const Node* policy = declared.node->find("x-caponier")) {
    for (const Node& member : *policy) {
      report_unknown_member(compilation.in_contract(&member), {}, {}, {}, compilation.report);
    }
  }
  if (declared.content_type.empty()) return true;
  const auto media_type = http::parse_media_type(declared.content_type);
  if (media_type && http::is_json(*media_type)) return true;
  refuse(compilation, declared.node,
         "parameter " + quoted(declared.name) + " is declared as " + declared.content_type +
             ", which is not enforced yet");
  return false;
}

bool holds_more(const Shape* shape) {
  return shape != nullptr && (shape->names(json::Kind::kArray) || shape->names(json::Kind::kObject));
}

// Whether a member of a list or an object has a form of its own, which no style but deepObject gives it.
const Shape* find_nested(const Shape& shape) {
  if (shape.names(json::Kind::kArray) && holds_more(shape.items)) return shape.items;
  if (!shape.names(json::Kind::kObject)) return nullptr;
  for (const auto& [name, property] : shape.properties) {
    // What may also be one text is read as one.
    if (holds_more(property) && !property->allows(json::Kind::kString)) return property;
  }
  return nullptr;
}

// Styles for values that OpenAPI gives them no meaning for ("Style Values": n/a).
bool check_style(Compilation& compilation, const openapi::Parameter& declared, const Shape& shape) {
  const std::string name = "parameter " + quoted(declared.name);
  const bool object = shape.names(json::Kind::kObject);
  if (declared.style == openapi::Style::kDeepObject) {
    if (object) return true;
    refuse(compilation, declared.node, name + " has the style deepObject and is no object",
           "give its schema type: object, or another style", "style-undefined");
    return false;
  }
  const bool delimited =
      declared.style == openapi::Style::kSpaceDelimited || declared.style == openapi::Style::kPipeDelimited;
  if (delimited && declared.explode && object) {
    refuse(compilation, declared.node,
           name + " is an object that is exploded, for which its style has no form",
           "write explode: false, or style: form", "style-undefined");
    return false;
  }
  if (find_nested(shape) != nullptr) {
    refuse(compilation, declared.node,
           name + " holds lists or objects within its value, for which its style has no form",
           "declare it by content: application/json, or with style: deepObject", "style-undefined");
    return false;
  }
  return true;
}

uri::Style style_of(openapi::Style style) {
  switch (style) {
    case openapi::Style::kLabel:
      return uri::Style::kLabel;
    case openapi::Style::kMatrix:
      return uri::Style::kMatrix;
    case openapi::Style::kSpaceDelimited:
      return uri::Style::kSpace;
    case openapi::Style::kPipeDelimited:
      return uri::Style::kPipe;
    case openapi::Style::kSimple:
      return uri::Style::kSimple;
    case openapi::Style::kForm:
    case openapi::Style::kDeepObject:
      break;
  }
  return uri::Style::kForm;
}

// What the request path needs to know about how the value is written.
void settle_style(const openapi::Parameter& declared, Parameter& parameter) {
  parameter.style = style_of(declared.style);
  parameter.explode = declared.explode;
  parameter.deep_object = declared.style == openapi::Style::kDeepObject && !parameter.content_json;
  if (parameter.shape == nullptr || parameter.content_json || parameter.deep_object) return;
  const bool pairs =
      parameter.in == openapi::ParameterIn::kQuery || parameter.in == openapi::ParameterIn::kCookie;
  parameter.spreads = pairs && parameter.explode && parameter.style == uri::Style::kForm &&
                      parameter.shape->names(json::Kind::kObject);
  parameter.list_delimited =
      parameter.style == uri::Style::kForm && !parameter.explode && holds_more(parameter.shape);
}

void note_path_style(Compilation& compilation, const Parameter& parameter, Operation& operation) {
  if (parameter.in != openapi::ParameterIn::kPath) return;
  operation.path_delimiters |= parameter.style != uri::Style::kSimple || holds_more(parameter.shape);
  compilation.plan->path_semicolons |= parameter.style == uri::Style::kMatrix;
}

// Two parameters whose members are pairs of their own could not be told apart.
void check_spreading(Compilation& compilation, const openapi::Operation& declared,
                     const Operation& operation) {
  for (const Parameter& spreading : operation.parameters) {
    if (!spreading.spreads) continue;
    for (const Parameter& other : operation.parameters) {
      if (&other == &spreading || other.in != spreading.in) continue;
      const bool both = other.spreads && !spreading.shape->closed;
      if (!both && spreading.shape->property(other.name) == nullptr) continue;
      refuse(compilation, declared.node,
             "the members of parameter " + quoted(spreading.name) + " and the parameter " +
                 quoted(other.name) + " are written alike, so that they cannot be told apart",
             "write explode: false, or style: deepObject", "style-undefined");
    }
  }
}

}  // namespace

std::vector<std::string> template_names(std::string_view path_template) {
  std::vector<std::string> names;
  for (std::size_t at = path_template.find('{'); at != std::string_view::npos;
       at = path_template.find('{', at + 1)) {
    const std::size_t end = path_template.find('}', at);
    if (end == std::string_view::npos) break;
    names.emplace_back(path_template.substr(at + 1, end - at - 1));
  }
  return names;
}

bool compile_value(Compilation& compilation, const openapi::Parameter& source, schema::Direction direction,
                   Parameter& parameter) {
  parameter.name = source.name;
  parameter.in = source.in;
  parameter.required = source.required;
  parameter.allow_empty_value = source.allow_empty_value;
  parameter.allow_reserved = source.allow_reserved;
  parameter.content_json = !source.content_type.empty();
  parameter.where = where_of(compilation.in_contract(source.node));
  const Node* schema = parameter.content_json ? source.content_schema : source.schema;
  if (schema != nullptr) {
    parameter.program = compilation.programs.compile(*schema, direction);
    if (parameter.program == nullptr) return false;
    parameter.shape = compilation.shapes.of(*schema);
    if (!parameter.content_json && !check_style(compilation, source, *parameter.shape)) return false;
  }
  settle_style(source, parameter);
  return true;
}

void compile_parameters(Compilation& compilation, const openapi::Operation& declared,
                        const std::vector<std::string>& names, Operation& operation) {
  for (const openapi::Parameter& source : declared.parameters) {
    if (is_described_elsewhere(source) || !check_form(compilation, source)) continue;
    Parameter parameter;
    if (source.in == openapi::ParameterIn::kPath) {
      const auto found = std::find(names.begin(), names.end(), source.name);
      if (found == names.end()) continue;  // reported with the document
      parameter.path_index = static_cast<std::uint32_t>(found - names.begin());
    }
    if (!compile_value(compilation, source, schema::Direction::kRequest, parameter)) continue;
    if (const Node* schema = parameter.content_json ? source.content_schema : source.schema)
      note_default(compilation, *schema, parameter);
    operation.cookies_declared |= parameter.in == openapi::ParameterIn::kCookie;
    note_path_style(compilation, parameter, operation);
    operation.parameters.push_back(std::move(parameter));
  }
  check_spreading(compilation, declared, operation);
}

std::optional<Parameter> compile_header(Compilation& compilation, const Node& named,
                                        schema::Direction direction) {
  const Node* header = compilation.programs.target(named);
  if (header == nullptr || !header->is_object()) return std::nullopt;  // reported with the document
  openapi::Parameter source;
  source.name = named.key;
  source.in = openapi::ParameterIn::kHeader;
  source.style = openapi::Style::kSimple;
  source.explode = false;
  source.node = header;
  const auto flag = [header](const char* name) {
    const Node* node = header->find(name);
    return node != nullptr && node->is_boolean() && node->boolean;
  };
  source.explode = flag("explode");
  source.required = flag("required");
  source.schema = header->find("schema");
  const Node* content = header->find("content");
  if (content != nullptr && content->child_count == 1) {
    const Node& only = *content->begin();
    source.content_type = only.key;
    source.content_schema = only.find("schema");
  }
  Parameter parameter;
  if (!check_form(compilation, source) || !compile_value(compilation, source, direction, parameter))
    return std::nullopt;
  return parameter;
}

}  // namespace caponier::plan
