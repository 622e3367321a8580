// The part of the machine that walks objects: one pass over the members, each dispatched once.
#pragma once

#include "json/key_hash.h"
#include "json/write.h"
#include "schema/machine.h"
#include "schema/sentence.h"

namespace caponier::schema {

// memcmp for names of at least 8 bytes, without the call.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (json::load_64(a + i) != json::load_64(b + i)) return false;
  }
  return json::load_64(a + size - 8) == json::load_64(b + size - 8);
}

// `hash` is that of the text.
[[gnu::always_inline]] inline bool is_named(const Program& p, const Name& name, std::uint64_t hash,
                                            const char* text, std::size_t length) {
  return name.hash == hash && name.length == length &&
         (length <= json::kExactHashLength || same_bytes(p.names.data() + name.text, text, length));
}

[[gnu::always_inline]] inline bool is_named(const Program& p, const Name& name, const json::TapeNode* key) {
  return is_named(p, name, key->key_hash, key->text, key->length);
}

// Position + 1 of the name among those that `name_at` gives, or 0.
template <class NameAt>
[[gnu::always_inline]] inline std::uint32_t find_name(const Program& p, const Slots& slots, NameAt name_at,
                                                      std::uint64_t hash, const char* text,
                                                      std::size_t length) {
  const std::uint32_t* const rows = p.slots.data() + slots.first;
  auto at = static_cast<std::uint32_t>(hash >> slots.shift) & slots.mask;
  while (rows[at] != 0) {
    if (is_named(p, name_at(rows[at] - 1), hash, text, length)) return rows[at];
    if (!slots.collide) return 0;
    at = (at + 1) & slots.mask;
  }
  return 0;
}

[[gnu::always_inline]] inline const Property* look_up_property(const Program& p, const ObjectPlan& plan,
                                                               const json::TapeNode* key) {
  const Property* const properties = p.properties.data() + plan.first_property;
  const std::uint32_t found = find_name(
      p, plan.slots, [properties](std::uint32_t n) -> const Name& { return properties[n].name; },
      key->key_hash, key->text, key->length);
  return found == 0 ? nullptr : properties + (found - 1);
}

template <bool kExplain>
bool Machine<kExplain>::object(const ObjectPlan& plan, const Node* node) {
  std::uint64_t seen = 0;
  // Members mostly come in the order in which the schema lists them.
  const Property* expected = p_.properties.data() + plan.first_property;
  const Property* const last = expected + plan.property_count;
  const Block* const blocks = p_.blocks.data();
  bool ok = true;
  if constexpr (!kExplain) {
    if (node->length < plan.required_count || (plan.closed && node->length > plan.property_count))
      return false;
  }
  if (!charge(node->length)) return false;
  if (plan.few) return few_members(plan, node);
  const Node* key = node + 1;
  for (std::uint32_t n = node->length; n > 0; --n) {
    const Property* property = expected;
    if (expected == last || !is_named(p_, expected->name, key)) property = look_up_property(p_, plan, key);
    if (property != nullptr) {
      seen |= property->required_bit;
      expected = property + 1;
    }
    const std::uint32_t only = property != nullptr ? property->only : plan.rest;
    if (only == kNone) [[unlikely]] {
      ok = member(plan, property, key) && ok;
    } else if (!is_plain(blocks[only], key + 1)) {
      enter(key, property != nullptr);
      ok = judge(blocks[only], key + 1) && ok;
      leave();
    }
    if (!go_on(ok)) return false;
    key = after(key + 1);
  }
  if ((seen & plan.required) != plan.required) ok = required_members(plan, seen);
  return ok;
}

// Names by names instead of member by member.
template <bool kExplain>
bool Machine<kExplain>::few_members(const ObjectPlan& plan, const Node* node) {
  std::uint64_t seen = 0;
  bool ok = true;
  for (std::uint32_t n = 0; n < plan.property_count; ++n) {
    const Property& property = p_.properties.data()[plan.first_property + n];
    const Node* const key = find_member(property.name, node);
    if (key == nullptr) continue;
    seen |= property.required_bit;
    const Block& block = p_.blocks.data()[property.only];
    if (is_plain(block, key + 1)) continue;
    enter(key, true);
    ok = judge(block, key + 1) && ok;
    leave();
    if (!go_on(ok)) return false;
  }
  if ((seen & plan.required) != plan.required) ok = required_members(plan, seen);
  return ok;
}

template <bool kExplain>
bool Machine<kExplain>::member(const ObjectPlan& plan, const Property* property, const Node* key) {
  bool ok = true;
  const bool declared = property != nullptr && property->declared;
  enter(key, declared);
  std::uint32_t groups = 0;
  if (property != nullptr) {
    groups = property->groups;
    if (property->forbidden_origin != kNone) {
      ok = false;
      if constexpr (kExplain) {
        report_->add(property->forbidden_origin, p_.origins[property->forbidden_origin].keyword == "readOnly"
                                                     ? "is read-only and must not be sent"
                                                     : "is write-only and must not be returned");
      }
    } else if (property->block != kNone) {
      ok = at(property->block, key + 1);
    }
  }
  if (go_on(ok)) ok = other_members(plan, key, groups, declared) && ok;
  leave();
  return ok;
}

// patternProperties, then whatever the name is not exempt from.
template <bool kExplain>
bool Machine<kExplain>::other_members(const ObjectPlan& plan, const Node* key, std::uint32_t groups,
                                      bool declared) {
  bool ok = true;
  for (std::uint32_t n = 0; n < plan.pattern_count && go_on(ok); ++n) {
    const PatternProperty& rule = p_.pattern_properties[plan.first_pattern + n];
    if (!charge(1 + key->length / 16)) return false;
    const pattern::Match match = p_.patterns[rule.pattern].matches({key->text, key->length});
    if (match == pattern::Match::kLimit) return give_up(Outcome::kPatternLimit);
    if (match == pattern::Match::kNo) continue;
    groups |= rule.groups;
    if (rule.block != kNone) ok = at(rule.block, key + 1) && ok;
  }
  const std::uint32_t open = plan.all_groups & ~groups;
  if (open == 0) return ok;
  for (std::uint32_t n = 0; n < plan.rule_count && go_on(ok); ++n) {
    const AdditionalRule& rule = p_.rules[plan.first_rule + n];
    if ((open & rule.group) == 0) continue;
    if (rule.block != kNone) {
      ok = at(rule.block, key + 1) && ok;
      continue;
    }
    ok = false;
    if constexpr (kExplain) {
      report_->add(rule.origin, declared ? "is declared elsewhere, and is not accepted here"
                                         : "is not declared, and undeclared properties are not accepted");
    }
  }
  return ok;
}

template <bool kExplain>
bool Machine<kExplain>::required_members(const ObjectPlan& plan, std::uint64_t seen) {
  if constexpr (kExplain) {
    for (std::uint32_t n = 0; n < plan.property_count; ++n) {
      const Property& property = p_.properties[plan.first_property + n];
      if ((property.required_bit & ~seen) == 0) continue;
      std::string name;
      json::append_string(name, p_.text(property.name));
      report_->add(property.required_origin, "must have the property " + name);
    }
  }
  return false;
}

// The key, or null.
template <bool kExplain>
const json::TapeNode* Machine<kExplain>::find_member(const Name& name, const Node* node) const {
  const Node* key = node + 1;
  for (std::uint32_t n = node->length; n > 0; --n) {
    if (is_named(p_, name, key)) return key;
    key = after(key + 1);
  }
  return nullptr;
}

template <bool kExplain>
bool Machine<kExplain>::has_member(const Name& name, const Node* node) {
  return charge(node->length) && find_member(name, node) != nullptr;
}

template <bool kExplain>
bool Machine<kExplain>::required(const Instruction& i, const Node* node) {
  return has_member(p_.required_names[i.a], node) || (walk_.stop == Outcome::kValid && fail(i));
}

template <bool kExplain>
bool Machine<kExplain>::dependent_name(const Instruction& i, const Node* node) {
  const DependentName& plan = p_.dependent_names[i.a];
  if (!has_member(plan.present, node)) return walk_.stop == Outcome::kValid;
  return has_member(plan.needed, node) || (walk_.stop == Outcome::kValid && fail(i));
}

template <bool kExplain>
bool Machine<kExplain>::dependent(const Instruction& i, const Node* node, Frame* frame) {
  const Dependent& plan = p_.dependents[i.a];
  if (!has_member(plan.present, node)) return walk_.stop == Outcome::kValid;
  return take(plan.schema, node, frame);
}

template <bool kExplain>
bool Machine<kExplain>::property_names(const Instruction& i, const Node* node) {
  bool ok = true;
  const Node* key = node + 1;
  for (std::uint32_t n = node->length; n > 0; --n) {
    if (!is_plain_name(p_.blocks.data()[i.a], key)) {
      enter(key, false);
      ok = judge(p_.blocks.data()[i.a], key) && ok;
      leave();
    }
    if (!go_on(ok)) return false;
    key = after(key + 1);
  }
  return ok;
}

template <bool kExplain>
bool Machine<kExplain>::matches_any_pattern(const ObjectPlan& plan, const Node* key) {
  for (std::uint32_t n = 0; n < plan.pattern_count; ++n) {
    if (!charge(1 + key->length / 16)) return false;
    const std::uint32_t index = p_.pattern_properties[plan.first_pattern + n].pattern;
    const pattern::Match match = p_.patterns[index].matches({key->text, key->length});
    if (match == pattern::Match::kLimit) return give_up(Outcome::kPatternLimit);
    if (match == pattern::Match::kYes) return true;
  }
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::is_covered(const Closing& closing, const Frame& frame, const Node* key) {
  const auto names = [this, key](std::uint32_t index) {
    const ObjectPlan& plan = p_.objects[index];
    const Property* property = look_up_property(p_, plan, key);
    return (property != nullptr && property->declared) || matches_any_pattern(plan, key);
  };
  if (closing.object != kNone && names(closing.object)) return true;
  for (const Coverage& coverage : closing.coverage) {
    if (!charge(1)) return false;
    if (!frame.has(p_, closing.held, coverage.slot)) continue;
    if (coverage.object == kNone || names(coverage.object)) return true;
  }
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::close(const Instruction& i, const Node* node, const Frame& frame) {
  const Closing& closing = p_.closings[i.a];
  bool ok = true;
  if (!charge(node->length)) return false;
  const Node* key = node + 1;
  for (std::uint32_t n = node->length; n > 0; --n) {
    if (!is_covered(closing, frame, key)) {
      if (walk_.stop != Outcome::kValid) return false;
      enter(key, false);
      if (closing.block != kNone) {
        ok = at(closing.block, key + 1) && ok;
      } else {
        ok = false;
        if constexpr (kExplain)
          report_->add(i.origin, "is not declared, and undeclared properties are not accepted");
      }
      leave();
    }
    if (!go_on(ok)) return false;
    key = after(key + 1);
  }
  return ok;
}

}  // namespace caponier::schema
