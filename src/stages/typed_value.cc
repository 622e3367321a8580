#include "stages/typed_value.h"

#include <algorithm>

#include "uri/style.h"

namespace caponier::stages {
namespace {

using json::Kind;

const plan::Shape& or_any(const plan::Shape* shape) {
  return shape == nullptr ? plan::any_shape() : *shape;
}

}  // namespace

bool ValueBuilder::add_boolean(std::string_view text) {
  if (text != "true" && text != "false") return false;
  document_.add_boolean(text == "true");
  return true;
}

bool ValueBuilder::add_scalar(const plan::Shape& shape, std::string_view text) {
  const bool may_be_text = shape.allows(Kind::kString);
  if (reading_ == Reading::kTyped || !may_be_text) {
    if (shape.allows(Kind::kNumber) && document_.add_number(text)) return true;
    if (shape.allows(Kind::kBoolean) && add_boolean(text)) return true;
  }
  if (may_be_text) document_.add_string(text);
  return may_be_text;
}

bool ValueBuilder::add_items(const plan::Shape& shape, std::span<const std::string_view> items) {
  document_.begin_array();
  for (const std::string_view item : items) {
    if (!add_scalar(or_any(shape.items), item)) return false;
  }
  document_.end_array();
  return true;
}

bool ValueBuilder::add_members(const plan::Shape& shape, std::span<const Field> fields, std::size_t level) {
  document_.begin_object();
  const auto group = arena_.array<Field>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = fields[i].path[level];
    const auto same = [name, level](const Field& other) { return other.path[level] == name; };
    if (std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    const auto end =
        std::copy_if(fields.begin() + static_cast<std::ptrdiff_t>(i), fields.end(), group.begin(), same);
    const plan::Shape* member = shape.property(name);
    document_.add_key(name);
    // The group is copied before the next one overwrites it: add_member takes what it needs.
    if (!add_member(or_any(member == nullptr ? shape.rest : member),
                    group.first(static_cast<std::size_t>(end - group.begin())), level)) {
      return false;
    }
  }
  document_.end_object();
  return true;
}

// Everything that came for one member.
bool ValueBuilder::add_member(const plan::Shape& shape, std::span<const Field> group, std::size_t level) {
  const auto is_leaf = [level](const Field& field) { return field.path.size() == level + 1; };
  if (!std::ranges::all_of(group, is_leaf)) {
    if (std::ranges::any_of(group, is_leaf) || !shape.allows(Kind::kObject)) return false;
    return add_members(shape, group, level + 1);
  }
  const Field& first = group.front();
  const bool list = shape.names(Kind::kArray) &&
                    (reading_ == Reading::kTyped || group.size() > 1 || !shape.allows(Kind::kString));
  if (first.encoding != nullptr && !first.encoding->explode && !first.encoding->deep_object) {
    return group.size() == 1 && add_delimited(shape, first);
  }
  if (!list) return group.size() == 1 && add_leaf(shape, first);
  document_.begin_array();
  for (const Field& field : group) {
    if (!add_leaf(or_any(shape.items), field)) return false;
  }
  document_.end_array();
  return true;
}

bool ValueBuilder::add_leaf(const plan::Shape& shape, const Field& field) {
  if (field.encoding == nullptr) return add_scalar(shape, field.value);
  if (field.encoding->binary) {
    document_.add_string({});  // bytes were judged by their number
    return true;
  }
  return field.encoding->json ? add_json(field.value) : add_scalar(shape, field.value);
}

// The value of one pair, of which delimiters make a list or an object.
bool ValueBuilder::add_delimited(const plan::Shape& shape, const Field& field) {
  const uri::StyledText text{field.raw, field.encoding->style, false, uri::Escapes::kFormBody,
                             field.encoding->name};
  if (shape.names(Kind::kArray)) {
    const auto items = uri::read_items(text, arena_);
    return items && add_items(shape, *items);
  }
  if (!shape.names(Kind::kObject)) return add_leaf(shape, field);
  const auto members = uri::read_members(text, arena_);
  if (!members) return false;
  const auto fields = arena_.array<Field>(members->size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i] = {{&(*members)[i].name, 1}, (*members)[i].value, {}, nullptr};
  }
  return add_members(shape, fields);
}

bool ValueBuilder::add_json(std::string_view text) {
  const auto value = scratch_.read(text, limits_);
  if (value) copy(*value);
  return value.ok();
}

void ValueBuilder::copy(json::Value value) {
  switch (value.kind()) {
    case Kind::kNull:
      return document_.add_null();
    case Kind::kBoolean:
      return document_.add_boolean(value.boolean());
    case Kind::kNumber:
      (void)document_.add_number(value.number_text());
      return;
    case Kind::kString:
      return document_.add_string(value.string());
    case Kind::kArray: {
      document_.begin_array();
      json::Value child = value.first_child();
      for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) copy(child);
      return document_.end_array();
    }
    case Kind::kObject: {
      document_.begin_object();
      json::Value child = value.first_child();
      for (std::uint32_t i = 0; i < value.size(); ++i) {
        document_.add_key(child.string());
        child = child.next_sibling();
        copy(child);
        child = child.next_sibling();
      }
      return document_.end_object();
    }
  }
}

}  // namespace caponier::stages
