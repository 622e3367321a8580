#include "plan/forms.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "http/media_type.h"
#include "plan/parameters.h"

namespace caponier::plan {
namespace {

using json::Kind;

struct StyleName {
  std::string_view text;
  uri::Style style;
};
constexpr StyleName kStyles[] = {{"form", uri::Style::kForm},
                                 {"spaceDelimited", uri::Style::kSpace},
                                 {"pipeDelimited", uri::Style::kPipe},
                                 {"deepObject", uri::Style::kForm}};

// One property of one form while it is compiled.
struct Site {
  const Node* encoding;  // null: none is written
  const Node* at;        // for diagnostics
  const Shape* shape;    // of the property
  bool multipart;
};

bool refuse(Compilation& compilation, const Node* at, const FormField& field, std::string what,
            std::string fix) {
  compilation.report.error(compilation.in_contract(at), "form-undefined",
                           "the form's field " + quoted(field.name) + ' ' + std::move(what), std::move(fix));
  return false;
}

// The members that one field of the form holds: items of a list, or the value itself.
const Shape& value_shape(const Shape& shape) {
  return shape.names(Kind::kArray) && shape.items != nullptr ? *shape.items : shape;
}

bool read_style(Compilation& compilation, const Site& site, FormField& field) {
  const Node* style = site.encoding == nullptr ? nullptr : site.encoding->find("style");
  const Node* explode = site.encoding == nullptr ? nullptr : site.encoding->find("explode");
  if (style != nullptr && style->is_string()) {
    const auto* known = std::find_if(std::begin(kStyles), std::end(kStyles),
                                     [style](const StyleName& s) { return s.text == style->text; });
    if (known == std::end(kStyles)) {
      return refuse(compilation, style, field,
                    "has the style " + quoted(style->text) + ", which forms do not know",
                    "write form, spaceDelimited, pipeDelimited or deepObject");
    }
    field.style = known->style;
    field.deep_object = style->text == "deepObject";
    field.explode = style->text == "form";
  }
  if (explode != nullptr && explode->is_boolean()) field.explode = explode->boolean;
  return true;
}

bool read_content_types(Compilation& compilation, const Site& site, FormField& field) {
  const Node* written = site.encoding == nullptr ? nullptr : site.encoding->find("contentType");
  if (written == nullptr || !written->is_string()) return true;
  for (std::string_view rest = written->text; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!http::parse_media_type(one)) {
      return refuse(compilation, written, field, "has the content type " + quoted(one) + ", which is none",
                    "write media types, separated by commas");
    }
    field.content_types.emplace_back(one);
  }
  const auto is_json = [](const std::string& text) { return http::is_json(*http::parse_media_type(text)); };
  const auto json = std::count_if(field.content_types.begin(), field.content_types.end(), is_json);
  field.json = json > 0;
  if (field.json && static_cast<std::size_t>(json) != field.content_types.size()) {
    return refuse(compilation, written, field, "is JSON or something else, which cannot be judged alike",
                  "name one of the two");
  }
  return true;
}

bool read_headers(Compilation& compilation, const Site& site, FormField& field) {
  const Node* headers = site.encoding == nullptr ? nullptr : site.encoding->find("headers");
  if (headers == nullptr || !site.multipart) return true;  // OpenAPI: ignored in other forms
  for (const Node& header : *headers) {
    if (header.key.starts_with("x-") && !header.is_object()) continue;
    if (equals_ignore_case(header.key, "Content-Type")) continue;  // contentType says it
    auto compiled = compile_header(compilation, header, schema::Direction::kRequest);
    if (!compiled) return false;
    field.headers.push_back(std::move(*compiled));
  }
  return true;
}

// Bytes are not text: only their number can be judged.
bool settle_binary(Compilation& compilation, const Site& site, FormField& field) {
  const Shape& value = value_shape(*site.shape);
  const Node* schema = compilation.shapes.schema_of(value);
  const bool unsaid = site.multipart && value.types == Shape::kEveryType && value.properties.empty() &&
                      compilation.contract.version == openapi::Version::k31 && field.content_types.empty();
  field.binary = !field.json && (value.binary || unsaid);
  if (!field.binary) return true;
  if (!site.multipart) {
    return refuse(compilation, site.at, field, "is binary, which this media type cannot carry",
                  "send the form as multipart/form-data, or encode the bytes");
  }
  if (schema == nullptr || !says_bytes(*schema)) {
    return refuse(compilation, schema == nullptr ? site.at : schema, field,
                  "is binary and its schema says more than that", "of bytes, only maxLength is judged");
  }
  const Node* length = schema->is_object() ? schema->find("maxLength") : nullptr;
  if (length != nullptr) field.bytes_max = static_cast<std::uint64_t>(length->integer().value_or(0));
  return true;
}

// What holds more than one text needs a form that says how.
bool settle_structure(Compilation& compilation, const Site& site, FormField& field) {
  const Shape& value = value_shape(*site.shape);
  const bool styled = site.encoding != nullptr &&
                      (site.encoding->find("style") != nullptr || site.encoding->find("explode") != nullptr);
  const bool holds_more =
      (value.names(Kind::kObject) || value.names(Kind::kArray)) && !value.allows(Kind::kString);
  if (field.deep_object || field.json || !holds_more) return true;
  if (site.multipart && field.content_types.empty()) {
    field.json = true;  // OpenAPI 3.1, "Encoding Object": the default contentType of an object
    return true;
  }
  const bool object = site.shape->names(Kind::kObject);
  if (styled && object && !field.explode) return true;
  return refuse(compilation, site.at, field,
                "holds more than one text, and no encoding says how it is written",
                "give it an encoding with contentType: application/json or style: deepObject");
}

bool compile_field(Compilation& compilation, const Site& site, FormField& field) {
  return read_style(compilation, site, field) && read_content_types(compilation, site, field) &&
         read_headers(compilation, site, field) && settle_binary(compilation, site, field) &&
         settle_structure(compilation, site, field);
}

// A field that no property describes has no encoding that would mean anything.
bool check_encodings(Compilation& compilation, const Node* encodings, const Shape& shape) {
  if (encodings == nullptr) return true;
  for (const Node& encoding : *encodings) {
    if (encoding.key.starts_with("x-") || shape.property(encoding.key) != nullptr) continue;
    compilation.report.error_at_key(compilation.in_contract(&encoding), "form-undefined",
                                    "the schema has no property " + quoted(encoding.key) + " to be encoded",
                                    "declare the property, or remove its encoding");
    return false;
  }
  return true;
}

}  // namespace

// A schema that says "bytes" and nothing more.
bool says_bytes(const Node& schema) {
  if (schema.is_boolean()) return schema.boolean;
  static constexpr std::array<std::string_view, 11> kSilent = {
      "title",    "description", "example",      "examples",         "default",        "nullable",
      "readOnly", "deprecated",  "externalDocs", "contentMediaType", "contentEncoding"};
  bool text = false;
  bool binary = false;
  for (const Node& member : schema) {
    if (member.key == "type") {
      if (!member.is_string() || member.text != "string") return false;
      text = true;
    } else if (member.key == "format") {
      if (!member.is_string() || member.text != "binary") return false;
      binary = true;
    } else if (member.key == "maxLength") {
      if (member.integer().value_or(-1) < 0) return false;
    } else if (!member.key.starts_with("x-") &&
               std::find(kSilent.begin(), kSilent.end(), member.key) == kSilent.end()) {
      return false;
    }
  }
  return text == binary ||
         (text && schema.find("contentMediaType") != nullptr && schema.find("contentEncoding") == nullptr);
}

bool compile_form(Compilation& compilation, const openapi::MediaTypeBody& declared, Body& body) {
  if (declared.schema == nullptr) {
    compilation.report.error(compilation.in_contract(declared.node), "form-undefined",
                             "the form has no schema, so that no field of it is declared",
                             "give it a schema of type: object, with a property for each field");
    return false;
  }
  body.program = compilation.programs.compile(*declared.schema, schema::Direction::kRequest);
  if (body.program == nullptr) return false;
  body.shape = compilation.shapes.of(*declared.schema);
  if (!body.shape->allows(Kind::kObject)) {
    compilation.report.error(compilation.in_contract(declared.schema), "form-undefined",
                             "a form is an object, and its schema allows none",
                             "write type: object, with a property for each field");
    return false;
  }
  const Node* encodings = declared.node->find("encoding");
  bool done = check_encodings(compilation, encodings, *body.shape);
  for (const auto& [name, shape] : body.shape->properties) {
    const Node* encoding = encodings == nullptr ? nullptr : encodings->find(name);
    const Site site{encoding, encoding == nullptr ? declared.node : encoding, shape,
                    body.form == BodyForm::kMultipart};
    FormField field;
    field.name = name;
    done &= compile_field(compilation, site, field);
    body.fields.push_back(std::move(field));
  }
  return done;
}

}  // namespace caponier::plan
