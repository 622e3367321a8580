#include "schema/keyword.h"

#include <array>
#include <unordered_map>

namespace caponier::schema {
namespace {

// Sets of dialects.
using Dialects = std::uint8_t;
constexpr Dialects in(Dialect dialect) {
  return static_cast<Dialects>(1U << static_cast<unsigned>(dialect));
}
constexpr Dialects k30 = in(Dialect::kOpenApi30);
constexpr Dialects k31 = in(Dialect::kOpenApi31);
constexpr Dialects k4 = in(Dialect::kDraft04);
constexpr Dialects k6 = in(Dialect::kDraft06);
constexpr Dialects k7 = in(Dialect::kDraft07);
constexpr Dialects k2019 = in(Dialect::kDraft201909);
constexpr Dialects k2020 = in(Dialect::kDraft202012) | k31;
constexpr Dialects kFrom2019 = k2019 | k2020;
constexpr Dialects kFrom7 = k7 | kFrom2019;
constexpr Dialects kFrom6 = k6 | kFrom7;
constexpr Dialects kFrom4 = k4 | kFrom6;
constexpr Dialects kEvery = kFrom4 | k30;
constexpr Dialects kOpenApi = k30 | k31;
constexpr Dialects kNone = 0;

struct Row {
  std::string_view word;
  Dialects enforced;
  Dialects annotation;
  Vocabularies vocabulary;
  bool constrains;  // where another dialect reads it
  Shape shape = Shape::kNoSchema;
};

constexpr Vocabularies kCore = kCoreWords;
constexpr Vocabularies kApply = kApplicatorWords;
constexpr Vocabularies kRest = kUnevaluatedWords;
constexpr Vocabularies kJudge = kValidationWords;
constexpr Vocabularies kOther = kOtherWords;

constexpr std::array kRows = {
    Row{"$ref", kEvery, kNone, kCore, true},
    Row{"$id", kFrom6, kNone, kCore, true},
    Row{"id", k4, kNone, kCore, false},
    Row{"$schema", kFrom4, kNone, kCore, false},
    Row{"$anchor", kFrom2019, kNone, kCore, true},
    Row{"$dynamicRef", k2020, kNone, kCore, true},
    Row{"$dynamicAnchor", k2020, kNone, kCore, true},
    Row{"$recursiveRef", k2019, kNone, kCore, true},
    Row{"$recursiveAnchor", k2019, kNone, kCore, true},
    Row{"$vocabulary", kFrom2019, kNone, kCore, true},
    Row{"$comment", kNone, kFrom7, kCore, false},
    Row{"$defs", kNone, kFrom2019, kCore, false, Shape::kNamed},
    Row{"definitions", kNone, kFrom4, kCore, false, Shape::kNamed},

    Row{"allOf", kEvery, kNone, kApply, true, Shape::kSchemas},
    Row{"anyOf", kEvery, kNone, kApply, true, Shape::kSchemas},
    Row{"oneOf", kEvery, kNone, kApply, true, Shape::kSchemas},
    Row{"not", kEvery, kNone, kApply, true, Shape::kSchema},
    Row{"if", kFrom7, kNone, kApply, true, Shape::kSchema},
    Row{"then", kFrom7, kNone, kApply, true, Shape::kSchema},
    Row{"else", kFrom7, kNone, kApply, true, Shape::kSchema},
    Row{"dependentSchemas", kFrom2019, kNone, kApply, true, Shape::kNamed},
    Row{"dependencies", kFrom4, kNone, kApply, true, Shape::kNamed},
    Row{"properties", kEvery, kNone, kApply, true, Shape::kNamed},
    Row{"patternProperties", kFrom4, kNone, kApply, true, Shape::kNamed},
    Row{"additionalProperties", kEvery, kNone, kApply, true, Shape::kSchema},
    Row{"propertyNames", kFrom6, kNone, kApply, true, Shape::kSchema},
    Row{"items", kEvery, kNone, kApply, true, Shape::kSchemaOrList},
    Row{"prefixItems", k2020, kNone, kApply, true, Shape::kSchemas},
    Row{"additionalItems", k4 | k6 | k7 | k2019, kNone, kApply, true, Shape::kSchema},
    Row{"contains", kFrom6, kNone, kApply, true, Shape::kSchema},
    Row{"unevaluatedProperties", kFrom2019, kNone, kRest, true, Shape::kSchema},
    Row{"unevaluatedItems", kFrom2019, kNone, kRest, true, Shape::kSchema},

    Row{"type", kEvery, kNone, kJudge, true},
    Row{"enum", kEvery, kNone, kJudge, true},
    Row{"const", kFrom6, kNone, kJudge, true},
    Row{"minimum", kEvery, kNone, kJudge, true},
    Row{"maximum", kEvery, kNone, kJudge, true},
    Row{"exclusiveMinimum", kEvery, kNone, kJudge, true},
    Row{"exclusiveMaximum", kEvery, kNone, kJudge, true},
    Row{"multipleOf", kEvery, kNone, kJudge, true},
    Row{"minLength", kEvery, kNone, kJudge, true},
    Row{"maxLength", kEvery, kNone, kJudge, true},
    Row{"pattern", kEvery, kNone, kJudge, true},
    Row{"required", kEvery, kNone, kJudge, true},
    Row{"dependentRequired", kFrom2019, kNone, kJudge, true},
    Row{"minProperties", kEvery, kNone, kJudge, true},
    Row{"maxProperties", kEvery, kNone, kJudge, true},
    Row{"minContains", kFrom2019, kNone, kJudge, true},
    Row{"maxContains", kFrom2019, kNone, kJudge, true},
    Row{"minItems", kEvery, kNone, kJudge, true},
    Row{"maxItems", kEvery, kNone, kJudge, true},
    Row{"uniqueItems", kEvery, kNone, kJudge, true},

    Row{"format", kEvery, kNone, kOther, true},
    Row{"nullable", k30, kNone, kOther, false},
    Row{"readOnly", kOpenApi, kFrom7, kOther, false},
    Row{"writeOnly", kOpenApi, kFrom7, kOther, false},
    Row{"discriminator", kOpenApi, kNone, kOther, false},
    Row{"title", kNone, kEvery, kOther, false},
    Row{"description", kNone, kEvery, kOther, false},
    Row{"default", kNone, kEvery, kOther, false},
    Row{"example", kNone, kOpenApi, kOther, false},
    Row{"examples", kNone, kFrom6, kOther, false},
    Row{"deprecated", kNone, kFrom2019 | k30, kOther, false},
    Row{"externalDocs", kNone, kOpenApi, kOther, false},
    Row{"xml", kNone, kOpenApi, kOther, false},
    Row{"contentEncoding", kNone, kFrom7, kOther, false},
    Row{"contentMediaType", kNone, kFrom7, kOther, false},
    // An annotation by its specification; a contract that writes it wants the content judged.
    Row{"contentSchema", kNone, kFrom2019, kOther, true, Shape::kSchema},
};

const Row* row_of(std::string_view keyword) {
  static const auto kIndex = [] {
    std::unordered_map<std::string_view, const Row*> index;
    for (const Row& row : kRows) index.emplace(row.word, &row);
    return index;
  }();
  const auto found = kIndex.find(keyword);
  return found == kIndex.end() ? nullptr : found->second;
}

}  // namespace

KeywordKind classify(std::string_view keyword, const Grammar& grammar) {
  const Row* row = row_of(keyword);
  if (row == nullptr) return keyword.starts_with("x-") ? KeywordKind::kExtension : KeywordKind::kUnknown;
  const Dialects dialect = in(grammar.dialect);
  const bool chosen = (row->vocabulary & grammar.vocabularies) != 0;
  if ((row->enforced & dialect) != 0)
    return chosen ? KeywordKind::kEnforced : KeywordKind::kForeignAnnotation;
  if (grammar.dialect == Dialect::kOpenApi31 && keyword == "contentSchema") return KeywordKind::kUnsupported;
  if ((row->annotation & dialect) != 0) return KeywordKind::kAnnotation;
  return row->constrains ? KeywordKind::kForeign : KeywordKind::kForeignAnnotation;
}

Shape shape_of(std::string_view keyword, Dialect dialect) {
  const Row* row = row_of(keyword);
  if (row == nullptr || ((row->enforced | row->annotation) & in(dialect)) == 0) return Shape::kNoSchema;
  return row->shape;
}

std::vector<std::string_view> known_keywords(Dialect dialect) {
  std::vector<std::string_view> out;
  for (const Row& row : kRows) {
    if (((row.enforced | row.annotation) & in(dialect)) != 0) out.push_back(row.word);
  }
  return out;
}

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenApi30:
      return "OpenAPI 3.0";
    case Dialect::kOpenApi31:
      return "OpenAPI 3.1";
    case Dialect::kDraft04:
      return "JSON Schema draft 4";
    case Dialect::kDraft06:
      return "JSON Schema draft 6";
    case Dialect::kDraft07:
      return "JSON Schema draft 7";
    case Dialect::kDraft201909:
      return "JSON Schema 2019-09";
    case Dialect::kDraft202012:
      break;
  }
  return "JSON Schema 2020-12";
}

}  // namespace caponier::schema
