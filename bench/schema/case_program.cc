#include "bench/schema/case_program.h"

#include "json/document.h"
#include "json/read_tree.h"
#include "schema/compile.h"

namespace caponier::bench {

CaseOptions case_options(std::string_view text) {
  json::Document document;
  CaseOptions out;
  const auto root = document.read(text, JsonLimits{});
  if (!root) return out;
  if (const auto dialect = root->find("dialect")) out.dialect = dialect->string();
  if (const auto formats = root->find("formats")) out.formats = formats->boolean();
  return out;
}

schema::ProgramPtr compile_case(std::string_view text, const CaseOptions& options, Diagnostics& diagnostics) {
  const auto tree = json::read_tree(text, "schema.json");
  if (!tree) return nullptr;
  schema::CompileOptions compiling;
  compiling.closed_objects = false;
  compiling.formats_asserted = options.formats;
  compiling.direction = schema::Direction::kResponse;
  const Node* root = (*tree)->root();
  return schema::compile(
      *root, compiling,
      [root](const Node&, std::string_view reference, Diagnostics&) -> const Node* {
        const Node* at = root;
        if (!reference.starts_with('#')) return nullptr;
        reference.remove_prefix(1);
        while (at != nullptr && !reference.empty()) {
          reference.remove_prefix(1);
          const auto end = std::min(reference.find('/'), reference.size());
          at = at->find(reference.substr(0, end));
          reference.remove_prefix(end);
        }
        return at;
      },
      [](const Node&) { return std::string_view("schema"); }, diagnostics);
}

}  // namespace caponier::bench
