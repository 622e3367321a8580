// Which words each dialect knows, where they hold schemas, and what becomes of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "schema/compile.h"

namespace caponier::schema {

enum class KeywordKind : std::uint8_t {
  kEnforced,
  kAnnotation,
  kUnsupported,        // constrains, and is not enforced here: an error
  kForeign,            // constrains, in another dialect: an error in contracts
  kForeignAnnotation,  // says nothing that could be enforced, in another dialect
  kExtension,          // x-...
  kUnknown,
};

// What a keyword's value holds.
enum class Shape : std::uint8_t {
  kNoSchema,
  kSchema,
  kSchemas,       // a list
  kSchemaOrList,  // items before 2020-12
  kNamed,         // an object of schemas
};

// A meta-schema of 2019-09 or later chooses sets of keywords.
using Vocabularies = std::uint8_t;
inline constexpr Vocabularies kCoreWords = 1;
inline constexpr Vocabularies kApplicatorWords = 2;
inline constexpr Vocabularies kUnevaluatedWords = 4;
inline constexpr Vocabularies kValidationWords = 8;
inline constexpr Vocabularies kOtherWords = 16;  // annotations, content, formats
inline constexpr Vocabularies kFormatAssertion = 32;
inline constexpr Vocabularies kStandardWords = 31;

// How the words of a schema are read.
struct Grammar {
  Dialect dialect = Dialect::kOpenApi31;
  Vocabularies vocabularies = kStandardWords;
  friend bool operator==(const Grammar&, const Grammar&) = default;
};

KeywordKind classify(std::string_view keyword, const Grammar& grammar);
// What schemas the keyword's value holds in this dialect.
Shape shape_of(std::string_view keyword, Dialect dialect);
// Every word that the dialect enforces or knows as an annotation.
std::vector<std::string_view> known_keywords(Dialect dialect);

std::string_view dialect_name(Dialect dialect);
// "id" in draft 4, "$id" since.
constexpr std::string_view id_keyword(Dialect dialect) {
  return dialect == Dialect::kDraft04 ? "id" : "$id";
}
// Whether everything beside a `$ref` is ignored.
constexpr bool hides_siblings(Dialect dialect) {
  return dialect == Dialect::kOpenApi30 || dialect == Dialect::kDraft04 || dialect == Dialect::kDraft06 ||
         dialect == Dialect::kDraft07;
}
constexpr bool is_openapi(Dialect dialect) {
  return dialect == Dialect::kOpenApi30 || dialect == Dialect::kOpenApi31;
}
// Whether `exclusiveMinimum` and `exclusiveMaximum` are flags beside `minimum` and `maximum`.
constexpr bool has_exclusive_flags(Dialect dialect) {
  return dialect == Dialect::kOpenApi30 || dialect == Dialect::kDraft04;
}

}  // namespace caponier::schema
