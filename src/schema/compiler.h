// The compiler's inside. Each *place* of an instance becomes one block: everything that speaks of it in
// place, through $ref and allOf, is gathered into one draft; alternatives become blocks of their own. Places
// are compiled one after the other from a list, each once, so that schemas may refer to themselves through
// properties and items.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/compile.h"
#include "schema/flat_map.h"
#include "schema/keyword.h"
#include "schema/program_data.h"
#include "schema/resource.h"

namespace caponier::schema {

// A bound that some schema of a place names, so that the default cap must not tighten it.
struct NamedBound {
  bool always = false;        // in the unconditional part
  std::uint32_t largest = 0;  // in alternatives
};

// What is known of a place before it is compiled.
struct Survey {
  bool declares = false;       // some schema, alternatives included, lists properties
  bool open = false;           // the unconditional part speaks of the properties not listed
  bool dynamic = false;        // an alternative lists properties, or speaks of those not listed
  bool dynamic_items = false;  // an alternative speaks of items
  // A part of the place, not its one schema, writes one of unevaluatedProperties and unevaluatedItems only.
  bool part_rests_on_names = false;
  bool part_rests_on_items = false;
  std::uint32_t listed = 0;  // properties, over all schemas
  NamedBound length;
  NamedBound items;
  NamedBound members;
  std::set<std::string_view> withheld;  // readOnly in requests, writeOnly in responses
};

// A schema and the dynamic scope in which it is reached: what `$dynamicRef` means there. 0 is the empty one.
struct Scoped {
  const Node* node;
  std::uint32_t scope = 0;
  friend auto operator<=>(const Scoped&, const Scoped&) = default;
};

// The schemas that apply to one place unconditionally, side by side.
using Schemas = std::vector<Scoped>;

// What Caponier adds to a contract's schemas at a place.
struct Manner {
  bool closing = false;  // objects that declare properties close
  bool bare = false;     // no default caps: beneath `not`, they would let more in
  friend auto operator<=>(const Manner&, const Manner&) = default;
};

struct Place {
  Schemas schemas;
  Manner manner;
  Survey survey;
  // Somebody asks which names, or which items, the schemas gathered now speak of.
  bool names_wanted = false;
  bool items_wanted = false;
  bool tracks = false;
  std::vector<Coverage> coverage;
  std::vector<ItemCoverage> item_coverage;
  std::uint32_t slot_table = kNone;
};

struct PropertyDraft {
  std::string_view name;
  Schemas schemas;
  std::uint32_t groups = 0;
  bool declared = false;
  bool required = false;
  std::uint32_t required_origin = kNone;
  std::uint32_t forbidden_origin = kNone;
};

struct ObjectDraft {
  std::vector<PropertyDraft> properties;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::vector<PatternProperty> patterns;
  std::vector<AdditionalRule> rules;
  std::uint32_t groups_used = 0;
  Manner manner;  // of the places that the properties lead to

  PropertyDraft& property(std::string_view name);
  [[nodiscard]] bool empty() const { return properties.empty() && patterns.empty() && rules.empty(); }
  [[nodiscard]] bool lists_names() const;
};

// What a block is compiled for: most places have one schema.
struct PlaceKey {
  const Node* schema = nullptr;
  std::uint32_t scope = 0;
  Direction direction = Direction::kNeither;
  Manner manner;
  friend bool operator==(const PlaceKey&, const PlaceKey&) = default;
};
struct HashPlace {
  std::uint64_t operator()(const PlaceKey& key) const {
    const auto more = std::uint64_t{key.scope} << 8U | static_cast<std::uint64_t>(key.direction) << 2U |
                      (key.manner.closing ? 2U : 0U) | (key.manner.bare ? 1U : 0U);
    return HashNode()(key.schema) ^ spread(more);
  }
};

// Nodes that are neither object nor list have a path for their one origin only.
struct Note {
  std::uint32_t path = kNone;
  bool checked = false;
};

// A block in the making.
struct Draft {
  struct Step {
    Instruction instruction;
    TypeSet kinds;
  };
  TypeSet types = kAllTypes;
  std::vector<TypeRule> type_rules;
  std::vector<Step> steps;
  ObjectDraft object;
  bool covers_all = false;    // additionalProperties or unevaluatedProperties is written
  bool covers_items = false;  // items, or what speaks of those left, is written
  std::uint32_t prefix = 0;   // items that are spoken of by position
  std::vector<std::uint32_t> contains;
  std::uint32_t slot = kNone;
};

class Compiler {
 public:
  Compiler(const CompileOptions& options, Resources& resources, const Resolver& resolver,
           const FileOf& file_of, Diagnostics& diagnostics, Program& program)
      : options_(options),
        resources_(resources),
        resolver_(resolver),
        file_of_(file_of),
        diagnostics_(diagnostics),
        p_(program),
        grammar_(resources.default_grammar()) {}

  // Adds a schema. Where it cannot be enforced the diagnostics have errors, and the program is of no further
  // use: blocks of it may lack what was wrong.
  const Entry& run(const Node& schema, Direction direction);
  // Whether the next schema should begin a program of its own.
  [[nodiscard]] bool is_full() const;

 private:
  // Stands in a schema for as long as it lives: its resource joins the dynamic scope, and words mean what
  // they mean in its dialect.
  class Standing {
   public:
    Standing(Compiler& compiler, const Node& schema)
        : compiler_(compiler), scope_(compiler.scope_), grammar_(compiler.grammar_) {
      compiler.stand_in(schema);
    }
    ~Standing() {
      compiler_.scope_ = scope_;
      compiler_.grammar_ = grammar_;
    }
    Standing(const Standing&) = delete;
    Standing& operator=(const Standing&) = delete;

   private:
    Compiler& compiler_;
    std::uint32_t scope_;
    Grammar grammar_;
  };
  void stand_in(const Node& schema);
  std::uint32_t extended_scope(const Resource& resource);

  // Places
  std::uint32_t block_for(Schemas schemas, Manner manner);
  std::uint32_t block_for(const Node& schema, Manner manner) {
    return block_for(Schemas{{&schema, scope_}}, manner);
  }
  // kNone, to be set, if there is none yet.
  std::uint32_t& known_block(const Schemas& schemas, const Manner& manner);
  void compile_place(std::uint32_t block, Place& place);
  void plan_tracking(Place& place);
  void close(Place& place, Draft& draft);
  void close_objects(Place& place, Draft& draft, const Node& schema, const Node* rest, std::size_t first);
  void close_items(Place& place, Draft& draft, const Node& rest, std::size_t first);
  void gather_part(const Node& schema, Place& place, Draft& draft);
  void cover(Place& place, Draft& inside);
  void add_default_caps(const Place& place, Draft& draft);
  void add_cap(Draft& draft, Op op, json::Kind kind, const NamedBound& named, std::uint32_t cap,
               const Node& schema, std::string_view keyword);
  Block finish(const Draft& draft);
  std::uint32_t finish_object(const ObjectDraft& object);
  std::uint32_t add_block(const Block& block);
  bool within_bounds(const Node& node);

  // Surveying
  bool survey(const Node& schema, Survey& out, bool conditional, bool negated);
  bool survey_keywords(const Node& schema, Survey& out, bool conditional, bool negated);
  bool survey_references(const Node& schema, Survey& out, bool conditional, bool negated);
  bool survey_conditions(const Node& schema, Survey& out, bool negated);
  void survey_rests(const Node& schema, Survey& out, bool conditional);
  void survey_properties(const Node& schema, Survey& out, bool conditional, bool negated);
  const Node* withheld(const Node& schema, std::uint32_t depth = 0);
  const Node* withheld_by_all(const Node& choices, std::uint32_t depth);
  bool covers_anything(const Node& schema, const Place& place);

  // Gathering
  void gather(const Node& schema, Place& place, Draft& draft);
  void gather_keywords(const Node& schema, Place& place, Draft& draft);
  void gather_type(const Node& schema, Draft& draft);
  TypeSet type_named(const Node& name);
  void gather_enum(const Node& list, Draft& draft);
  void gather_const(const Node& value, Draft& draft);
  void gather_numbers(const Node& schema, Draft& draft);
  void gather_bound(const Node& schema, Draft& draft, std::string_view keyword, bool upper);
  std::uint32_t bound_index(NumberBound bound);
  void gather_multiple_of(const Node& value, Draft& draft);
  void gather_strings(const Node& schema, Draft& draft);
  void gather_format(const Node& schema, const Node& format, Draft& draft);
  void gather_range(const Node& schema, Draft& draft, Op op, TypeSet kinds, std::string_view least,
                    std::string_view most);
  void gather_arrays(const Node& schema, Place& place, Draft& draft);
  void gather_items(const Node& schema, Place& place, Draft& draft);
  void gather_contains(const Node& schema, Draft& draft);
  void gather_objects(const Node& schema, Place& place, Draft& draft);
  void gather_properties(const Node& properties, Draft& draft, std::uint32_t group);
  void gather_pattern_properties(const Node& patterns, Place& place, Draft& draft, std::uint32_t group);
  void gather_additional(const Node& additional, Place& place, Draft& draft, std::uint32_t group);
  void gather_required(const Node& required, const Place& place, Draft& draft);
  void gather_applicators(const Node& schema, Place& place, Draft& draft);
  void gather_alternatives(const Node& list, Op op, Place& place, Draft& draft);
  void gather_condition(const Node& schema, Place& place, Draft& draft);
  void gather_dependencies(const Node& schema, Place& place, Draft& draft);
  void gather_dependent_names(const Node& dependency, std::string_view keyword, Draft& draft);
  Alternative branch(const Node& schema, Place& place, std::uint32_t parent);
  std::uint32_t new_slot(const Node& schema, Place& place, std::uint32_t parent);
  std::uint32_t pattern_index(const Node& node, std::string_view text);
  std::uint32_t add_enum(const std::vector<const Node*>& values);
  void add_constants(const std::vector<const Node*>& nodes, std::vector<json::Value>& values);
  void add_constant(json::Document& document, const Node& node);
  std::optional<std::uint32_t> count_of(const Node& schema, std::string_view keyword);

  // Looking at the schema
  void check(const Node& schema);
  void check_keyword(const Node& member, const Node& schema);
  void check_discriminator(const Node& member, const Node& schema);
  void check_extension(const Node& extension);
  void check_hints(const Node& schema);
  bool is_schema(const Node& node);
  // The member of the schema, if its dialect enforces it.
  const Node* get(const Node& schema, std::string_view keyword) const;
  [[nodiscard]] bool enforces(std::string_view keyword) const {
    return classify(keyword, grammar_) == KeywordKind::kEnforced;
  }
  const Node* follow(const Node& schema, std::string_view keyword = "$ref");
  const Node* find_target(const Node& schema, const Node& reference, bool& dynamic);
  void pass_references(Scoped& schema);
  bool only_refers(const Node& schema);
  [[nodiscard]] bool hides_siblings(const Node& schema) const {
    return schema::hides_siblings(grammar_.dialect) && schema.find("$ref") != nullptr;
  }
  [[nodiscard]] bool is_30() const { return grammar_.dialect == Dialect::kOpenApi30; }

  // Saying where
  void say(const Node& node, Severity severity, std::string code, std::string message, std::string fix = {});
  void bad(const Node& node, std::string message, std::string fix = {}) {
    say(node, Severity::kError, "invalid-keyword", std::move(message), std::move(fix));
  }
  std::uint32_t origin(const Node& node, std::string_view keyword);
  std::uint32_t path_of(const Node& node);
  std::uint32_t file_index(std::string_view file);
  Name name(std::string_view text);

  TypeSet allowed_types(std::uint32_t index);
  TypeSet allowed_item_types(const Block& block);

  const CompileOptions& options_;
  Resources& resources_;
  const Resolver& resolver_;
  const FileOf& file_of_;
  Diagnostics& diagnostics_;
  Program& p_;

  // Of the schema being added
  Direction direction_ = Direction::kNeither;
  std::size_t first_block_ = 0;
  std::size_t first_instruction_ = 0;

  Grammar grammar_;
  std::uint32_t scope_ = 0;
  // What each dynamic anchor means, by scope: the outermost resource that has it decides.
  using DynamicScope = std::map<std::string_view, const Node*>;
  std::vector<DynamicScope> scopes_{DynamicScope{}};
  std::map<DynamicScope, std::uint32_t> known_scopes_{{DynamicScope{}, 0}};

  FlatMap<PlaceKey, std::uint32_t, HashPlace, kNone> blocks_;
  std::map<std::tuple<Direction, Schemas, Manner>, std::uint32_t> merged_blocks_;  // of several schemas
  FlatMap<std::uint32_t, std::uint32_t, HashNumber, kNone> entries_;               // by block, counted from 1
  std::vector<std::pair<std::uint32_t, Place>> waiting_;
  std::vector<Scoped> in_place_;  // schemas that the survey stands in
  std::uint32_t survey_steps_ = 0;
  bool too_large_ = false;
  std::unordered_map<std::uint32_t, TypeSet> allowed_;  // by block, of the schema being added
  std::set<std::pair<const Node*, std::string>> said_;
  std::unordered_map<const Node*, const Node*> targets_;  // by the node of the reference
  std::map<Scoped, const Node*> dynamic_targets_;
  std::map<std::string, std::uint32_t, std::less<>> patterns_;
  FlatMap<const Node*, std::uint32_t, HashNode, kNone> enums_;
  std::map<std::string, std::uint32_t, std::less<>> divisors_;
  std::map<std::pair<std::string, int>, std::uint32_t> bounds_;  // by number and side
  FlatMap<const Node*, std::uint32_t, HashNode> origins_;        // the last one at the node
  FlatMap<const Node*, Note, HashNode> notes_;                   // of objects and lists
  struct HashText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return json::hash_key(text); }
  };
  std::unordered_map<std::string, std::uint32_t, HashText, std::equal_to<>> names_;
  std::map<std::string, std::uint32_t, std::less<>> files_;
};

}  // namespace caponier::schema
