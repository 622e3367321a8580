// Schemas of the contract compiled into one program that they share, and what can be said about a schema
// without compiling it.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "openapi/contract.h"
#include "plan/report.h"
#include "schema/compile.h"
#include "schema/program.h"
#include "schema/resource.h"

namespace caponier::plan {

class Programs {
 public:
  Programs(const openapi::Contract& contract, const SchemaDefaults& defaults, Report& report);

  // Null if the schema cannot be enforced; that has been reported.
  schema::ProgramPtr compile(const Node& node, schema::Direction direction);
  // The schema that `node` leads to over its `$ref`s; null if nowhere. Reports nothing.
  [[nodiscard]] const Node* target(const Node& node) const;
  // The first object schema below `node` whose members nothing judges; null if there is none.
  [[nodiscard]] const Node* find_open_object(const Node& node);
  // Gives back what compiling needed. What is compiled after it shares nothing with what came before.
  void finish() { builder_.finish(); }

 private:
  void read_identifiers(Diagnostics& diagnostics);
  schema::ProgramPtr add(const Node& node, schema::Direction direction, Diagnostics& diagnostics);

  const openapi::Contract& contract_;
  Report& report_;
  schema::Resources resources_;
  std::size_t documents_read_ = 0;  // for their identifiers
  schema::ProgramBuilder builder_;
  std::set<std::pair<const Node*, schema::Direction>> refused_;
  std::map<const Node*, const Node*> open_objects_;
};

}  // namespace caponier::plan
