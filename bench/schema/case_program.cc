#include "bench/schema/case_program.h"

#include "json/document.h"
#include "schema/standalone.h"

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
  schema::StandaloneOptions compiling;
  if (const auto dialect = schema::dialect_named(options.dialect)) compiling.dialect = *dialect;
  compiling.formats_asserted = options.formats;
  // Documents of a million bytes are among the instances.
  compiling.steps_max = 1'000'000'000;
  return schema::compile_text(text, "schema.json", compiling, {}, diagnostics);
}

}  // namespace caponier::bench
