#include "schema/standalone.h"

#include <array>

#include "json/read_tree.h"

namespace caponier::schema {
namespace {

struct Row {
  std::string_view name;
  Dialect dialect;
};
constexpr std::array kDialects = {
    Row{"2020-12", Dialect::kDraft202012}, Row{"2019-09", Dialect::kDraft201909},
    Row{"draft-07", Dialect::kDraft07},    Row{"draft-06", Dialect::kDraft06},
    Row{"draft-04", Dialect::kDraft04},    Row{"oas-3.1", Dialect::kOpenApi31},
    Row{"oas-3.0", Dialect::kOpenApi30},
};

}  // namespace

ProgramPtr compile_document(const Tree& document, const StandaloneOptions& options, const Loader& loader,
                            Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  Resources resources(options.dialect, loader);
  resources.add_schema(*document.root(), options.base_uri, document.file(), diagnostics);
  if (diagnostics.error_count() > errors) return nullptr;
  CompileOptions compiling;
  compiling.dialect = options.dialect;
  compiling.direction = Direction::kNeither;
  compiling.closed_objects = false;
  compiling.formats_asserted = options.formats_asserted;
  compiling.strict = false;
  compiling.defaults.steps_max = options.steps_max;
  compiling.resources = &resources;
  return compile(
      *document.root(), compiling, [](const Node&, std::string_view, Diagnostics&) { return nullptr; },
      [&resources](const Node& node) { return resources.file_of(node); }, diagnostics);
}

ProgramPtr compile_text(std::string_view text, std::string file, const StandaloneOptions& options,
                        const Loader& loader, Diagnostics& diagnostics) {
  const auto tree = json::read_tree(text, std::move(file));
  if (!tree) {
    diagnostics.add(tree.error());
    return nullptr;
  }
  return compile_document(**tree, options, loader, diagnostics);
}

std::optional<Dialect> dialect_named(std::string_view name) {
  for (const Row& row : kDialects) {
    if (row.name == name) return row.dialect;
  }
  return std::nullopt;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> out;
  for (const Row& row : kDialects) out.push_back(row.name);
  return out;
}

}  // namespace caponier::schema
