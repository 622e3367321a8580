// The inside of a Program: flat tables that the compiler fills and the evaluator walks. Nothing here changes
// once compile() has returned. Indices name rows; kNone names no row.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "json/document.h"
#include "pattern/pattern.h"
#include "schema/format.h"
#include "schema/program.h"

namespace caponier::schema {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t kCountMax = std::numeric_limits<std::uint32_t>::max();

// Bits of a type set: one for each json::Kind, and one for numbers that are integers. `number` is both number
// bits.
using TypeSet = std::uint8_t;
inline constexpr TypeSet type_bit(json::Kind kind) {
  return static_cast<TypeSet>(1U << static_cast<unsigned>(kind));
}
inline constexpr TypeSet kFractionBit = type_bit(json::Kind::kNumber);
inline constexpr TypeSet kIntegerBit = 1U << 6;
inline constexpr TypeSet kNumberBits = kFractionBit | kIntegerBit;
inline constexpr TypeSet kAllTypes = 0x7F;

// In the order in which a block runs them: cheap before costly, and what needs the others' findings last.
enum class Op : std::uint8_t {
  kNever,
  kLength,         // a: least code points, b: most
  kBound,          // a: bounds
  kMultipleOf,     // a: divisors
  kNumberFormat,   // flag: Format
  kItemCount,      // a: least, b: most
  kMemberCount,    // a: least, b: most
  kEnum,           // a: enums
  kFormat,         // flag: Format
  kPattern,        // a: patterns
  kRequired,       // a: required_names; for those past the first 64 of an object
  kDependentName,  // a: dependent_names
  kObject,         // a: objects
  kPropertyNames,  // a: block
  kItems,          // a: arrays
  kUnique,
  kContains,    // a: contains
  kCall,        // a: block, at the same place of the instance with findings of its own
  kPart,        // a: block, at the same place of the instance with the same findings
  kNot,         // a: block
  kIf,          // a: conditions
  kDependent,   // a: dependents
  kAnyOf,       // a: first alternative, b: count
  kOneOf,       // a: first alternative, b: count
  kClose,       // a: closings
  kCloseItems,  // a: item_closings
};

inline constexpr std::uint8_t kDefaultCapFlag =
    1;  // kLength, kItemCount, kMemberCount: the bound is not the schema's

inline constexpr std::uint8_t kTrackedFlag =
    2;  // kAnyOf: every alternative is judged, for the sake of a Closing

struct Instruction {
  Op op;
  std::uint8_t flag = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t origin = kNone;
  std::uint32_t origin_of_max = kNone;  // where the upper bound stands, if it is not where the lower one does
};

// Everything one schema says of one place. An instance of kind k runs instructions [start[k], start[k + 1]).
// Most values are settled before that, by their type or by one comparison.
struct Block {
  TypeSet types = kAllTypes;
  TypeSet plain = 0;    // type bits of values that are accepted as they are
  bool tracks = false;  // needs a frame of its own, see Closing
  // Strings of which nothing else is asked, and numbers; empty ranges where that is not so.
  std::uint32_t least_points = kCountMax;
  std::uint32_t most_points = 0;
  std::uint32_t texts = kNone;    // enums
  std::uint32_t pattern = kNone;  // patterns
  std::uint32_t object = kNone;   // objects: all that is asked of one
  std::uint32_t array = kNone;    // arrays: all that is asked of one, beside the number of its items
  std::uint32_t least_items = 0;
  std::uint32_t most_items = kCountMax;
  std::array<std::uint32_t, 7> start{};
  std::int64_t least_integer = std::numeric_limits<std::int64_t>::max();
  std::int64_t most_integer = std::numeric_limits<std::int64_t>::min();
  double above = std::numeric_limits<double>::infinity();  // other numbers: both are excluded
  double below = -std::numeric_limits<double>::infinity();
  std::uint32_t first_type_rule = 0;
  std::uint32_t type_rule_count = 0;
};

// The first block of each program accepts everything.
inline constexpr std::uint32_t kAnything = 0;

struct TypeRule {
  TypeSet types;
  std::uint32_t origin;
};

// Where a rule stands in its document.
struct Origin {
  std::string_view keyword;  // of static storage
  std::uint32_t path = 0;
  std::uint32_t file = 0;
  SourcePosition position;
};
// JSON pointers as chains, because thousands of them share their beginnings.
struct PathStep {
  std::uint32_t parent;  // kNone at the root
  std::uint32_t text;    // names
  std::uint32_t length;
};

struct Name {
  std::uint32_t text = 0;
  std::uint32_t length = 0;
  std::uint64_t hash = 0;
};

// Where names are found by their hash: a power of two of Program::slots, each the position of a name + 1, or
// 0.
struct Slots {
  std::uint32_t first = 0;  // slot 0 is empty, and all there is where nothing is to be found
  std::uint32_t mask = 0;
  std::uint8_t shift = 0;  // of the hash
  bool collide = false;    // a name may stand in the slots after its own
};

struct Property {
  Name name;
  std::uint32_t block = kNone;
  std::uint32_t groups = 0;  // the additional rules that this name is exempt from
  std::uint64_t required_bit = 0;
  std::uint32_t required_origin = kNone;
  std::uint32_t forbidden_origin = kNone;  // readOnly in requests, writeOnly in responses
  bool declared = false;                   // false: only named by `required`
  std::uint32_t only = kNone;              // block that has the last word: the name is exempt from every rule
};

struct PatternProperty {
  std::uint32_t pattern;
  std::uint32_t block;
  std::uint32_t groups;
};

// What happens to members that no property or pattern of its schema object names.
struct AdditionalRule {
  std::uint32_t group;  // one bit
  std::uint32_t block;  // kNone: refused
  std::uint32_t origin;
};

struct ObjectPlan {
  std::uint32_t first_property = 0;
  std::uint32_t property_count = 0;
  Slots slots;
  bool few = false;            // so few names that each is looked for; others are accepted
  bool closed = false;         // names that are not declared are refused, and that is all
  std::uint32_t rest = kNone;  // block of all names that are not declared, if it has the last word
  std::uint32_t required_count = 0;
  std::uint32_t first_pattern = 0;
  std::uint32_t pattern_count = 0;
  std::uint32_t first_rule = 0;
  std::uint32_t rule_count = 0;
  std::uint32_t all_groups = 0;
  std::uint64_t required = 0;
};

struct ArrayPlan {
  std::uint32_t first_prefix = 0;  // prefix_blocks; an entry may be kNone
  std::uint32_t prefix_count = 0;
  std::uint32_t rest = kNone;  // block of the other items
};

struct ContainsPlan {
  std::uint32_t block;
  std::uint32_t min;
  std::uint32_t max;
  std::uint32_t origin_of_min;
  std::uint32_t origin_of_max;
};

struct NumberBound {
  bool upper;
  bool exclusive;
  bool is_integer;
  std::int64_t integer;
  double real;
  std::string text;
};

// The divisor is mantissa * 10^exponent.
struct Divisor {
  std::uint64_t mantissa;
  std::int32_t exponent;
  std::string text;
};

struct EnumPlan {
  std::vector<Name> strings;
  std::uint32_t longest = 0;  // of the strings, in bytes
  Slots slots;
  std::vector<json::Value> others;  // into Program::constants
  std::string list;                 // of the values, for sentences
};

struct Alternative {
  std::uint32_t block;
  std::uint32_t slot = kNone;   // bit of the frame that tells whether it held
  std::uint32_t guard = kNone;  // guards
};

// An object that does not have this property, with one of these texts, is refused.
struct Guard {
  Name name;
  std::uint32_t texts;  // enums
};

struct Condition {
  Alternative condition;
  Alternative then_branch;  // block may be kNone
  Alternative else_branch;
};

// If an object has the one property, it must have the other.
struct DependentName {
  Name present;
  Name needed;
};

// If an object has the property, the schema applies.
struct Dependent {
  Name present;
  Alternative schema;
};

// Which members of an object nobody vouched for: those that neither the unconditional part of the schema nor
// an alternative that held has named.
struct Coverage {
  std::uint32_t slot;    // kNone: always held
  std::uint32_t object;  // kNone: covers every name
};
struct Held {
  std::uint32_t parents = kNone;  // slot_parents
  std::uint32_t within = kNone;   // the slot of the alternative that asks: it is judged just now
};
struct Closing {
  std::uint32_t object = kNone;  // the unconditional part
  std::uint32_t block = kNone;   // for members not covered; kNone: refused
  std::vector<Coverage> coverage;
  Held held;
};

// The same for the items of an array.
struct ItemCoverage {
  std::uint32_t slot;
  std::uint32_t prefix;            // this many from the first one
  std::uint32_t contains = kNone;  // block: those that it accepts
};
struct ItemClosing {
  std::uint32_t block;
  std::vector<ItemCoverage> coverage;
  Held held;
};

inline constexpr std::uint32_t kSlotsMax = 512;

struct Entry {
  const Program* program;
  std::uint32_t root;  // block
  TypeSet root_types = kAllTypes;
  TypeSet item_types = kAllTypes;
};

class Program {
 public:
  std::uint32_t steps_max = 0;
  std::deque<Entry> entries;  // which stay where they are while more schemas are added

  std::vector<Instruction> instructions;
  std::vector<Block> blocks{Block{.plain = kAllTypes}};
  std::vector<TypeRule> type_rules;
  std::vector<ObjectPlan> objects;
  std::vector<Property> properties;
  std::vector<std::uint32_t> slots{0};
  std::vector<PatternProperty> pattern_properties;
  std::vector<AdditionalRule> rules;
  std::vector<ArrayPlan> arrays;
  std::vector<std::uint32_t> prefix_blocks;
  std::vector<ContainsPlan> contains;
  std::vector<NumberBound> bounds;
  std::vector<Divisor> divisors;
  std::vector<EnumPlan> enums;
  std::vector<pattern::Pattern> patterns;
  std::vector<Name> required_names;
  std::vector<Alternative> alternatives;
  std::vector<Guard> guards;
  std::vector<Condition> conditions;
  std::vector<DependentName> dependent_names;
  std::vector<Dependent> dependents;
  std::vector<std::vector<std::uint32_t>> slot_parents;  // by slot: the one that must hold as well, or kNone
  std::vector<Closing> closings;
  std::vector<ItemClosing> item_closings;

  // For explaining only: the largest tables of a contract's program, and in no hurry.
  std::deque<Origin> origins;
  std::deque<PathStep> paths;
  std::vector<std::string> files;
  std::deque<json::Document> constants;
  std::string names;  // text of every Name

  [[nodiscard]] std::string_view text(const Name& name) const {
    return {names.data() + name.text, name.length};
  }
};

}  // namespace caponier::schema
