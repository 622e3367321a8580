#include "schema/keyword.h"

#include <array>

namespace caponier::schema {
namespace {

struct Row {
  std::string_view word;
  KeywordKind in_30;
  KeywordKind in_31;
};

constexpr KeywordKind kYes = KeywordKind::kEnforced;
constexpr KeywordKind kSays = KeywordKind::kAnnotation;
constexpr KeywordKind kNotYet = KeywordKind::kUnsupported;
constexpr KeywordKind kOther = KeywordKind::kForeign;
constexpr KeywordKind kOtherSays = KeywordKind::kForeignAnnotation;

constexpr std::array kRows = {
    Row{"$ref", kYes, kYes},
    Row{"type", kYes, kYes},
    Row{"enum", kYes, kYes},
    Row{"const", kOther, kYes},
    Row{"minimum", kYes, kYes},
    Row{"maximum", kYes, kYes},
    Row{"exclusiveMinimum", kYes, kYes},
    Row{"exclusiveMaximum", kYes, kYes},
    Row{"multipleOf", kYes, kYes},
    Row{"minLength", kYes, kYes},
    Row{"maxLength", kYes, kYes},
    Row{"pattern", kYes, kYes},
    Row{"format", kYes, kYes},
    Row{"properties", kYes, kYes},
    Row{"required", kYes, kYes},
    Row{"additionalProperties", kYes, kYes},
    Row{"patternProperties", kOther, kYes},
    Row{"propertyNames", kOther, kYes},
    Row{"unevaluatedProperties", kOther, kYes},
    Row{"minProperties", kYes, kYes},
    Row{"maxProperties", kYes, kYes},
    Row{"items", kYes, kYes},
    Row{"prefixItems", kOther, kYes},
    Row{"contains", kOther, kYes},
    Row{"minContains", kOther, kYes},
    Row{"maxContains", kOther, kYes},
    Row{"minItems", kYes, kYes},
    Row{"maxItems", kYes, kYes},
    Row{"uniqueItems", kYes, kYes},
    Row{"allOf", kYes, kYes},
    Row{"anyOf", kYes, kYes},
    Row{"oneOf", kYes, kYes},
    Row{"not", kYes, kYes},
    Row{"if", kOther, kYes},
    Row{"then", kOther, kYes},
    Row{"else", kOther, kYes},
    Row{"nullable", kYes, kOtherSays},
    Row{"readOnly", kYes, kYes},
    Row{"writeOnly", kYes, kYes},
    Row{"discriminator", kYes, kYes},
    Row{"title", kSays, kSays},
    Row{"description", kSays, kSays},
    Row{"default", kSays, kSays},
    Row{"example", kSays, kSays},
    Row{"examples", kOtherSays, kSays},
    Row{"deprecated", kSays, kSays},
    Row{"externalDocs", kSays, kSays},
    Row{"xml", kSays, kSays},
    Row{"$comment", kOtherSays, kSays},
    Row{"$schema", kOtherSays, kYes},
    Row{"$defs", kOtherSays, kSays},
    Row{"definitions", kOtherSays, kSays},
    Row{"contentEncoding", kOtherSays, kSays},
    Row{"contentMediaType", kOtherSays, kSays},
    Row{"contentSchema", kOther, kNotYet},
    Row{"$id", kOther, kNotYet},
    Row{"id", kOtherSays, kOtherSays},
    Row{"$anchor", kOther, kNotYet},
    Row{"$dynamicRef", kOther, kNotYet},
    Row{"$dynamicAnchor", kOther, kNotYet},
    Row{"$recursiveRef", kOther, kNotYet},
    Row{"$recursiveAnchor", kOther, kNotYet},
    Row{"$vocabulary", kOther, kNotYet},
    Row{"unevaluatedItems", kOther, kNotYet},
    Row{"additionalItems", kOther, kNotYet},
    Row{"dependentRequired", kOther, kNotYet},
    Row{"dependentSchemas", kOther, kNotYet},
    Row{"dependencies", kOther, kNotYet},
};

}  // namespace

KeywordKind classify(std::string_view keyword, Dialect dialect) {
  for (const Row& row : kRows) {
    if (row.word == keyword) return dialect == Dialect::kOpenApi30 ? row.in_30 : row.in_31;
  }
  return keyword.starts_with("x-") ? KeywordKind::kExtension : KeywordKind::kUnknown;
}

std::vector<std::string_view> known_keywords(Dialect dialect) {
  std::vector<std::string_view> out;
  for (const Row& row : kRows) {
    const KeywordKind kind = dialect == Dialect::kOpenApi30 ? row.in_30 : row.in_31;
    if (kind == kYes || kind == kSays) out.push_back(row.word);
  }
  return out;
}

}  // namespace caponier::schema
