#include "plan/parameters.h"

#include <algorithm>

#include "base/bytes.h"
#include "http/media_type.h"
#include "json/document.h"
#include "plan/member_reader.h"

namespace caponier::plan {
namespace {

constexpr unsigned bit(json::Kind kind) {
  return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned kContainers = bit(json::Kind::kArray) | bit(json::Kind::kObject);
constexpr unsigned kEveryKind = (1U << 6) - 1;

const char* const kTakeOut = "declare it otherwise, or take the operation out with exposed: false";

// OpenAPI 3.1, "Parameter Object": described by content, by responses and by security, not here.
bool is_described_elsewhere(const openapi::Parameter& parameter) {
  if (parameter.in != openapi::ParameterIn::kHeader) return false;
  for (const char* const header : {"accept", "content-type", "authorization"}) {
    if (equals_ignore_case(parameter.name, header)) return true;
  }
  return false;
}

bool is_default_style(const openapi::Parameter& parameter) {
  return parameter.in == openapi::ParameterIn::kQuery ? parameter.style == openapi::Style::kForm
                                                      : parameter.style == openapi::Style::kSimple;
}

void refuse(Compilation& compilation, const Node* node, std::string message) {
  compilation.report.error(compilation.in_contract(node), "not-enforced-yet", std::move(message), kTakeOut);
}

// True if the parameter is of a form that is enforced.
bool check_form(Compilation& compilation, const openapi::Parameter& declared) {
  const std::string name = "parameter " + quoted(declared.name);
  if (const Node* policy = declared.node->find("x-caponier")) {
    for (const Node& member : *policy) {
      report_unknown_member(compilation.in_contract(&member), {}, {}, {}, compilation.report);
    }
  }
  if (declared.in == openapi::ParameterIn::kCookie) {
    refuse(compilation, declared.node, "cookie " + name + " is not enforced yet");
    return false;
  }
  if (!is_default_style(declared) && declared.content_type.empty()) {
    const Node* style = declared.node->find("style");
    refuse(
        compilation, style != nullptr ? style : declared.node,
        "the style " + quoted(style != nullptr ? style->text : "") + " of " + name + " is not enforced yet");
    return false;
  }
  if (declared.content_type.empty()) return true;
  const auto media_type = http::parse_media_type(declared.content_type);
  if (media_type && http::is_json(*media_type)) return true;
  refuse(compilation, declared.node,
         name + " is declared as " + declared.content_type + ", which is not enforced yet");
  return false;
}

// Objects, and arrays of anything but scalars, have no form that is decoded.
bool check_shape(Compilation& compilation, const openapi::Parameter& declared,
                 const schema::Program& program) {
  const unsigned types = schema::root_types(program) & kEveryKind;
  const bool object = types != kEveryKind && (types & bit(json::Kind::kObject)) != 0;
  const unsigned items = schema::item_types(program) & kEveryKind;
  const bool nested = types != kEveryKind && (types & bit(json::Kind::kArray)) != 0 && items != kEveryKind &&
                      (items & kContainers) != 0;
  if (!object && !nested) return true;
  refuse(compilation, declared.node,
         "parameter " + quoted(declared.name) +
             (object ? " is an object" : " is an array of arrays or objects") +
             ", which is not enforced yet");
  return false;
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

void compile_parameters(Compilation& compilation, const openapi::Operation& declared,
                        const std::vector<std::string>& names, Operation& operation) {
  for (const openapi::Parameter& source : declared.parameters) {
    if (is_described_elsewhere(source) || !check_form(compilation, source)) continue;
    Parameter parameter;
    parameter.name = source.name;
    parameter.in = source.in;
    parameter.style = source.style;
    parameter.explode = source.explode;
    parameter.required = source.required;
    parameter.allow_empty_value = source.allow_empty_value;
    parameter.content_json = !source.content_type.empty();
    parameter.where = where_of(compilation.in_contract(source.node));
    if (source.in == openapi::ParameterIn::kPath) {
      const auto found = std::find(names.begin(), names.end(), source.name);
      if (found == names.end()) continue;  // reported with the document
      parameter.path_index = static_cast<std::uint32_t>(found - names.begin());
    }
    const Node* schema = parameter.content_json ? source.content_schema : source.schema;
    if (schema != nullptr) {
      parameter.program = compilation.programs.compile(*schema, schema::Direction::kRequest);
      if (parameter.program == nullptr) continue;
      if (!parameter.content_json && !check_shape(compilation, source, *parameter.program)) continue;
    }
    operation.parameters.push_back(std::move(parameter));
  }
}

}  // namespace caponier::plan
