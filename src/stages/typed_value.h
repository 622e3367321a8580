// Texts to typed values. Parameters and forms come as text, schemas speak of types: a text is read as the
// types that its schema allows, strictly. What is built here is then judged by the schema's program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/limits.h"
#include "json/document.h"
#include "plan/plan.h"

namespace caponier::stages {

// One pair of a query or a form, one part of a multipart body, one member of an object: "a[b]" is the path a,
// b.
struct Field {
  std::span<const std::string_view> path;
  std::string_view value;                     // decoded
  std::string_view raw;                       // of forms: as received
  const plan::FormField* encoding = nullptr;  // of forms: what the document says of this field
};

// Which type a text becomes where several are allowed.
enum class Reading : std::uint8_t {
  kTyped,  // the first that fits: number, boolean, text
  kText    // text
};

class ValueBuilder {
 public:
  // Appends to `document`. `scratch` reads JSON within fields.
  ValueBuilder(json::Document& document, json::Document& scratch, Arena& arena, const JsonLimits& limits,
               Reading reading)
      : document_(document), scratch_(scratch), arena_(arena), limits_(limits), reading_(reading) {}

  // Each appends one value; false if the text is not written as any type that `shape` allows, or if a member
  // that holds one value comes twice. The document is of no use then.
  bool add_scalar(const plan::Shape& shape, std::string_view text);
  bool add_items(const plan::Shape& shape, std::span<const std::string_view> items);
  // `level`: the part of each field's path that names the member.
  bool add_members(const plan::Shape& shape, std::span<const Field> fields, std::size_t level = 0);

 private:
  bool add_member(const plan::Shape& shape, std::span<const Field> group, std::size_t level);
  bool add_leaf(const plan::Shape& shape, const Field& field);
  bool add_delimited(const plan::Shape& shape, const Field& field);
  bool add_json(std::string_view text);
  void copy(json::Value value);
  bool add_boolean(std::string_view text);

  json::Document& document_;
  json::Document& scratch_;
  Arena& arena_;
  const JsonLimits& limits_;
  Reading reading_;
};

}  // namespace caponier::stages
