// JSON Schema by itself, without a contract around it: a whole document of a given dialect becomes a Program
// for evaluate() and explain(), by the standard's own rules: objects are open, nothing is capped, unknown
// words are ignored (and reported as findings).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/tree.h"
#include "schema/compile.h"
#include "schema/program.h"
#include "schema/resource.h"

namespace caponier::schema {

struct StandaloneOptions {
  Dialect dialect = Dialect::kDraft202012;  // where the document has no `$schema`
  bool formats_asserted = true;
  std::uint32_t steps_max = SchemaDefaults{}.steps_max;
  std::string base_uri;  // of the document, where its own `$id` does not say: "file:///schemas/order.json"
};

// Null, with errors in `diagnostics`, if the schema is not valid or refers to what is not there. The meta-
// schemas that json-schema.org and OpenAPI publish are built in; `loader`, if there is one, is asked for
// every other document that a reference leads to, once. The program keeps nothing of the trees.
ProgramPtr compile_document(const Tree& document, const StandaloneOptions& options, const Loader& loader,
                            Diagnostics& diagnostics);
// The same from JSON text; `file` names it in diagnostics.
ProgramPtr compile_text(std::string_view text, std::string file, const StandaloneOptions& options,
                        const Loader& loader, Diagnostics& diagnostics);

// "2020-12", "2019-09", "draft-07", "draft-06", "draft-04", "oas-3.0", "oas-3.1".
std::optional<Dialect> dialect_named(std::string_view name);
std::vector<std::string_view> dialect_names();

}  // namespace caponier::schema
