// JSON Schema compiled into one flat immutable program, and its evaluation over a json::Value. The evaluator
// never links the compiler, allocates nothing in its fast mode, and is bounded in steps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "json/document.h"

namespace caponier::schema {

// The schemas of a document, compiled side by side: what several of them lead to is there once. Its inside
// belongs to the compiler and the evaluator.
class Program;
// One of those schemas: where its evaluation begins.
struct Entry;
// An entry, and the program that it leads into. Immutable; shared.
using ProgramPtr = std::shared_ptr<const Entry>;

enum class Outcome : std::uint8_t {
  kValid,
  kInvalid,
  kStepLimit,     // gave up: treat as a refusal
  kPatternLimit,  // a pattern hit its match limit: treat as a refusal
};

// Fast mode: yes or no.
Outcome evaluate(const Entry& schema, json::Value instance);

// One broken rule. Holds no value of the instance: it goes to logs and, pointer and rule only, to clients.
struct Violation {
  // kInvalid; else no rule is broken, and the evaluation was given up.
  Outcome outcome = Outcome::kInvalid;
  std::string
      instance_pointer;  // "/items/0/qty"; names that are not declared in the schema are cut to 64 bytes
  std::string schema_pointer;  // into the document the schema stands in
  std::string file;            // of the schema
  SourcePosition schema_position;
  std::string keyword;   // "maximum"
  std::string sentence;  // "must be at most 100"
};

// Explaining mode: every violation, at most `violations_max` of them; empty if and only if evaluate() says
// kValid.
std::vector<Violation> explain(const Entry& schema, json::Value instance, std::size_t violations_max = 32);

// What the simplest schemas accept, for decoding parameters: the JSON types that the schema allows at its
// root, as a bit set over json::Kind (all bits if unknown).
std::uint8_t root_types(const Entry& schema);
// True if the schema accepts integers only at its root.
bool root_is_integer(const Entry& schema);
// Types that items of an array at the root may have, as root_types.
std::uint8_t item_types(const Entry& schema);

}  // namespace caponier::schema
