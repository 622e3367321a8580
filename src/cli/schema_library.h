// Where `caponier validate` gets schemas from: files, texts, and the folders that stand for addresses.
// Nothing is fetched from the network.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/program.h"
#include "schema/standalone.h"

namespace caponier::cli {

// "URI_PREFIX=FOLDER"
struct UriMap {
  std::string prefix;
  std::string folder;  // canonical
};

struct SchemaDemand {
  schema::Dialect dialect = schema::Dialect::kDraft202012;
  bool formats_asserted = false;
};

class SchemaLibrary {
 public:
  explicit SchemaLibrary(std::vector<UriMap> maps) : maps_(std::move(maps)) {}

  // Programs are kept: the same schema is compiled once. The error is a sentence with file, line and column.
  Result<schema::ProgramPtr, std::string> from_file(const std::string& file, const SchemaDemand& demand);
  Result<schema::ProgramPtr, std::string> from_text(std::string_view text, const SchemaDemand& demand);

 private:
  using Compiled = Result<schema::ProgramPtr, std::string>;
  Compiled compile(const Tree& tree, const std::string& base_uri, const std::string& folder,
                   const SchemaDemand& demand) const;
  std::unique_ptr<Tree> load(std::string_view uri, const std::string& folder, Diagnostics& diagnostics) const;
  const Compiled& keep(std::string key, Compiled compiled);

  std::vector<UriMap> maps_;
  std::map<std::string, Compiled, std::less<>> kept_;
};

// The error is a sentence.
Result<UriMap, std::string> parse_uri_map(std::string_view text);
// OpenAPI's dialects assert formats; those of JSON Schema take `format` for a remark.
bool asserts_formats(schema::Dialect dialect);
Result<schema::Dialect, std::string> parse_dialect(std::string_view name);

}  // namespace caponier::cli
