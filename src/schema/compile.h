// The compiler: from a schema's node in a document to a Program. A keyword that is not enforced is an error
// with its position, never ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/limits.h"
#include "base/tree.h"
#include "schema/program.h"

namespace caponier::schema {

enum class Dialect : std::uint8_t {
  kOpenApi30,
  kOpenApi31,
  kDraft04,
  kDraft06,
  kDraft07,
  kDraft201909,
  kDraft202012,
};
// kNeither: readOnly and writeOnly say nothing, and no default cap applies.
enum class Direction : std::uint8_t { kRequest, kResponse, kNeither };

class Resources;

// Where a `$ref` leads. Null (with a diagnostic added by the resolver) if nowhere.
using Resolver = std::function<const Node*(const Node& ref_holder, std::string_view reference, Diagnostics&)>;
// The file a node belongs to, for diagnostics.
using FileOf = std::function<std::string_view(const Node&)>;

struct CompileOptions {
  Dialect dialect = Dialect::kOpenApi31;
  Direction direction = Direction::kRequest;
  // An object schema that declares properties and says nothing about others accepts no others (as if
  // unevaluatedProperties were false, so that allOf composes). Where `additionalProperties` or
  // `unevaluatedProperties` is written, what is written holds. An object schema without any property is open.
  bool closed_objects = true;
  bool formats_asserted = true;
  // A contract's schemas: what is written and not enforced is an error, and so is what accepts nothing. Else
  // the standards' own leniency holds, and both are findings.
  bool strict = true;
  SchemaDefaults defaults;  // caps where the schema names none; applied to requests only
  // The identifiers of the documents that the schema and its references stand in. Null, for compile() only:
  // those of the schema's own document, which is then read as one schema.
  Resources* resources = nullptr;
  // Read at objects that carry `x-caponier`: members of it on schemas and properties that the program
  // enforces.
};

// Adds to `diagnostics` and returns null if the schema cannot be enforced. Circular references are fine.
ProgramPtr compile(const Node& schema, const CompileOptions& options, const Resolver& resolver,
                   const FileOf& file_of, Diagnostics& diagnostics);

class Compiler;

// Compiles the schemas of one document, one after the other, into one program: what several of them lead to
// is compiled once for each direction.
class ProgramBuilder {
 public:
  ProgramBuilder(CompileOptions options, Resolver resolver, FileOf file_of);
  ProgramBuilder(const ProgramBuilder&) = delete;
  ProgramBuilder& operator=(const ProgramBuilder&) = delete;
  ~ProgramBuilder();

  // As compile() does. What is said of a shared schema is said once; what is wrong with it, each time.
  ProgramPtr add(const Node& schema, Direction direction, Diagnostics& diagnostics);
  // Forgets what it knows and gives back the memory set aside, so that nothing more is shared.
  void finish();

 private:
  CompileOptions options_;
  Resolver resolver_;
  FileOf file_of_;
  Diagnostics said_;  // by the schema being compiled
  std::shared_ptr<Program> program_;
  std::unique_ptr<Compiler> compiler_;  // into program_; null: the next schema begins a program
};

}  // namespace caponier::schema
