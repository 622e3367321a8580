#include "cli/schema_library.h"

#include <filesystem>
#include <optional>

#include "base/limits.h"
#include "json/read_tree.h"
#include "store/state_dir.h"
#include "uri/path.h"
#include "yaml/read_tree.h"

namespace caponier::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProgramsKeptMax = 1024;
constexpr std::size_t kErrorsToldMax = 8;
constexpr std::string_view kFileScheme = "file://";

std::string sentence_of(const Diagnostics& diagnostics) {
  std::string out;
  std::size_t told = 0;
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity != Severity::kError) continue;
    if (++told > kErrorsToldMax) continue;
    if (!out.empty()) out += "; ";
    if (!d.file.empty()) out += d.file + ':';
    if (d.position.line > 0)
      out += std::to_string(d.position.line) + ':' + std::to_string(d.position.column) + ':';
    if (!out.empty() && out.back() == ':') out += ' ';
    out += d.message;
    if (!d.fix.empty()) out += " (" + d.fix + ')';
  }
  if (told > kErrorsToldMax) out += "; and " + std::to_string(told - kErrorsToldMax) + " more";
  return out;
}

Result<std::unique_ptr<Tree>, Diagnostic> read_document(const std::string& path, std::string name) {
  auto text = store::read_file(path, kDocumentBytesMax);
  if (!text) return Err(Diagnostic{.code = "unreadable", .message = text.error()});
  const std::string extension = fs::path(path).extension();
  if (extension == ".yaml" || extension == ".yml") return yaml::read_tree(*text, std::move(name));
  return json::read_tree(*text, std::move(name));
}

std::string file_uri(const fs::path& path) {
  std::string out(kFileScheme);
  for (const fs::path& part : path.relative_path()) {
    out += '/';
    uri::append_encoded(out, part.string());
  }
  return out;
}

// `rest` below `folder`, links followed; empty if that is not a file within it.
std::string confined(const std::string& folder, std::string_view rest) {
  const auto decoded = uri::decode(rest);
  if (!decoded || decoded->find('\0') != std::string::npos) return {};
  std::error_code error;
  const fs::path path = fs::canonical(fs::path(folder) / fs::path(*decoded).relative_path(), error);
  if (error || !fs::is_regular_file(path, error)) return {};
  const std::string text = path.string();
  return text.starts_with(folder == "/" ? folder : folder + '/') ? text : std::string();
}

std::string key_of(char kind, std::string_view what, const SchemaDemand& demand) {
  return std::string{kind, static_cast<char>('0' + static_cast<int>(demand.dialect)),
                     demand.formats_asserted ? '1' : '0'} +
         std::string(what);
}

}  // namespace

std::unique_ptr<Tree> SchemaLibrary::load(std::string_view uri, const std::string& folder,
                                          Diagnostics& diagnostics) const {
  const UriMap* longest = nullptr;
  for (const UriMap& map : maps_) {
    if (uri.starts_with(map.prefix) && (longest == nullptr || map.prefix.size() > longest->prefix.size()))
      longest = &map;
  }
  std::string path;
  if (longest != nullptr) {
    path = confined(longest->folder, uri.substr(longest->prefix.size()));
    if (path.empty()) {
      diagnostics.add({.code = "unresolved-ref",
                       .message = std::string(uri) + " is not a file within " + longest->folder});
      return nullptr;
    }
  } else if (const std::string here = file_uri(folder) + '/'; !folder.empty() && uri.starts_with(here)) {
    path = confined(folder, uri.substr(here.size()));
  }
  if (path.empty()) {
    diagnostics.add({.code = "unresolved-ref",
                     .message = std::string(uri) + " is not here, and nothing is fetched from the network",
                     .fix = "name a folder that holds it: --map URI_PREFIX=FOLDER"});
    return nullptr;
  }
  auto tree = read_document(path, std::string(uri));
  if (tree) return std::move(*tree);
  diagnostics.add(tree.error());
  return nullptr;
}

SchemaLibrary::Compiled SchemaLibrary::compile(const Tree& tree, const std::string& base_uri,
                                               const std::string& folder, const SchemaDemand& demand) const {
  schema::StandaloneOptions options;
  options.dialect = demand.dialect;
  options.formats_asserted = demand.formats_asserted;
  options.base_uri = base_uri;
  Diagnostics diagnostics;
  schema::ProgramPtr program = schema::compile_document(
      tree, options,
      [this, &folder](std::string_view uri, Diagnostics& said) { return load(uri, folder, said); },
      diagnostics);
  if (program == nullptr) return Err(sentence_of(diagnostics));
  return program;
}

const SchemaLibrary::Compiled& SchemaLibrary::keep(std::string key, Compiled compiled) {
  if (kept_.size() >= kProgramsKeptMax) kept_.clear();
  return kept_.insert_or_assign(std::move(key), std::move(compiled)).first->second;
}

Result<schema::ProgramPtr, std::string> SchemaLibrary::from_file(const std::string& file,
                                                                 const SchemaDemand& demand) {
  std::string key = key_of('f', file, demand);
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
  const auto tree = read_document(file, file);
  if (!tree) {
    Diagnostics diagnostics;
    diagnostics.add(tree.error());
    return keep(std::move(key), Err(sentence_of(diagnostics)));
  }
  std::error_code error;
  const fs::path path = fs::canonical(file, error);
  return keep(std::move(key), compile(**tree, file_uri(path), path.parent_path(), demand));
}

Result<schema::ProgramPtr, std::string> SchemaLibrary::from_text(std::string_view text,
                                                                 const SchemaDemand& demand) {
  std::string key = key_of('t', text, demand);
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
  const auto tree = json::read_tree(text, "schema");
  if (!tree) {
    Diagnostics diagnostics;
    diagnostics.add(tree.error());
    return keep(std::move(key), Err(sentence_of(diagnostics)));
  }
  return keep(std::move(key), compile(**tree, "", "", demand));
}

Result<UriMap, std::string> parse_uri_map(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    return Err("--map takes URI_PREFIX=FOLDER, not '" + std::string(text) + "'");
  const std::string folder(text.substr(equals + 1));
  std::error_code error;
  const fs::path canonical = fs::canonical(folder, error);
  if (error || !fs::is_directory(canonical, error)) return Err("--map: " + folder + " is not a folder");
  return UriMap{std::string(text.substr(0, equals)), canonical};
}

bool asserts_formats(schema::Dialect dialect) {
  return dialect == schema::Dialect::kOpenApi30 || dialect == schema::Dialect::kOpenApi31;
}

Result<schema::Dialect, std::string> parse_dialect(std::string_view name) {
  if (const auto dialect = schema::dialect_named(name)) return *dialect;
  std::string all;
  for (const std::string_view known : schema::dialect_names())
    all += (all.empty() ? "" : ", ") + std::string(known);
  return Err("there is no dialect of this name; the dialects are " + all);
}

}  // namespace caponier::cli
