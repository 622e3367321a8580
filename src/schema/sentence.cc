#include "schema/sentence.h"

#include "json/write.h"

namespace caponier::schema {
namespace {

std::string counted(std::uint32_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

std::string range_sentence(const Instruction& i, bool too_small, std::string_view one,
                           std::string_view many) {
  std::string out = too_small ? "must have at least " + counted(i.a, one, many)
                              : "must have at most " + counted(i.b, one, many);
  if (!too_small && (i.flag & kDefaultCapFlag)) out += ", the default cap where the schema names none";
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

}  // namespace

std::string type_sentence(TypeSet types) {
  static constexpr struct {
    TypeSet bits;
    std::string_view name;
  } kNames[] = {
      {type_bit(json::Kind::kObject), "an object"},
      {type_bit(json::Kind::kArray), "an array"},
      {type_bit(json::Kind::kString), "a string"},
      {kNumberBits, "a number"},
      {kIntegerBit, "an integer"},
      {type_bit(json::Kind::kBoolean), "a boolean"},
      {type_bit(json::Kind::kNull), "null"},
  };
  std::vector<std::string_view> words;
  for (const auto& row : kNames) {
    if (row.bits == kIntegerBit && (types & kNumberBits) == kNumberBits) continue;
    if ((types & row.bits) == row.bits) words.push_back(row.name);
  }
  if (words.empty()) return "is not accepted: no type would be";
  std::string out = "must be ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string sentence(const Program& program, const Instruction& i, bool too_small) {
  switch (i.op) {
    case Op::kNever:
      return program.origins[i.origin].keyword == "false" ? "is not accepted: the schema here is false"
                                                          : "is not accepted: no more items are";
    case Op::kLength:
      return range_sentence(i, too_small, "character", "characters");
    case Op::kItemCount:
      return range_sentence(i, too_small, "item", "items");
    case Op::kMemberCount:
      return range_sentence(i, too_small, "property", "properties");
    case Op::kBound: {
      const NumberBound& bound = program.bounds[i.a];
      if (bound.exclusive) return (bound.upper ? "must be less than " : "must be greater than ") + bound.text;
      return (bound.upper ? "must be at most " : "must be at least ") + bound.text;
    }
    case Op::kMultipleOf:
      return "must be a multiple of " + program.divisors[i.a].text;
    case Op::kNumberFormat:
    case Op::kFormat:
      return "must be " + std::string(description(static_cast<Format>(i.flag)));
    case Op::kEnum:
      return (program.origins[i.origin].keyword == "const" ? "must be " : "must be one of ") +
             program.enums[i.a].list;
    case Op::kPattern:
      return "must match the pattern " + quoted(program.patterns[i.a].source());
    case Op::kRequired:
      return "must have the property " + quoted(program.text(program.required_names[i.a]));
    case Op::kDependentName: {
      const DependentName& plan = program.dependent_names[i.a];
      return "must have the property " + quoted(program.text(plan.needed)) + ", because it has " +
             quoted(program.text(plan.present));
    }
    case Op::kUnique:
      return "must not have two equal items";
    case Op::kContains:
      return too_small ? "must contain at least " + counted(program.contains[i.a].min, "item", "items") +
                             " of the kind described"
                       : "must contain at most " + counted(program.contains[i.a].max, "item", "items") +
                             " of the kind described";
    case Op::kNot:
      return "must not match the schema that is excluded here";
    case Op::kAnyOf:
      return "must match at least one of the " + counted(i.b, "alternative", "alternatives");
    case Op::kOneOf:
      return too_small ? "must match exactly one of the " + counted(i.b, "alternative", "alternatives") +
                             ", and matches none"
                       : "must match exactly one of the " + counted(i.b, "alternative", "alternatives") +
                             ", and matches more";
    default:
      return "is not accepted";
  }
}

}  // namespace caponier::schema
