// caponier validate: JSON against a schema, without a gateway around it.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/arguments.h"
#include "cli/judgement.h"
#include "cli/schema_library.h"
#include "cli/validate_batch.h"
#include "cli/verbs.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kFilesMax = 10'000;

const Verb& verb() {
  static const Verb kVerb{
      "caponier validate --schema FILE DATA... | --batch FILE",
      "Judges JSON by a JSON Schema. Exit status: 0 if all is valid, 1 if something is not, 2 if something "
      "could not be judged.",
      {{"--schema", "FILE", "the schema, JSON or YAML; DATA are JSON files, - for standard input"},
       {"--batch", "FILE",
        "- for standard input; each line an object: schema (or the name of its file), instance (or "
        "{\"file\": ...}), and if need be dialect and format. One line of answer each"},
       {"--dialect", "NAME",
        "of schemas that do not say: 2020-12 (default), 2019-09, draft-07, draft-06, draft-04, oas-3.1, "
        "oas-3.0"},
       {"--formats", "assert|ignore", "whether `format` is judged; default: as the dialect has it"},
       {"--map", "URI_PREFIX=FOLDER", "where documents that references name are; may be repeated", true},
       {"--format", "text|json", "of the answers about DATA; default text"}},
      kFilesMax};
  return kVerb;
}

struct Demand {
  std::vector<UriMap> maps;
  SchemaDemand schema;
  bool formats_given = false;
  bool json = false;
};

// An exit status if the words are wrong.
std::optional<int> read_demand(const Arguments& arguments, Demand& demand) {
  for (const std::string_view text : arguments.values("--map")) {
    auto map = parse_uri_map(text);
    if (!map) return fail(map.error());
    demand.maps.push_back(std::move(*map));
  }
  if (const auto name = arguments.value("--dialect")) {
    const auto dialect = parse_dialect(*name);
    if (!dialect) return fail(dialect.error());
    demand.schema.dialect = *dialect;
  }
  const std::string formats = arguments.text("--formats");
  if (!formats.empty() && formats != "assert" && formats != "ignore")
    return fail("--formats is assert or ignore");
  demand.formats_given = !formats.empty();
  demand.schema.formats_asserted =
      demand.formats_given ? formats == "assert" : asserts_formats(demand.schema.dialect);
  const std::string format = arguments.text("--format", "text");
  if (format != "text" && format != "json") return fail("--format is text or json");
  demand.json = format == "json";
  return std::nullopt;
}

// All of standard input, if it is not too long.
Result<std::string, std::string> read_input() {
  std::string text;
  char block[64 * 1024];
  while (const std::size_t count = std::fread(block, 1, sizeof block, stdin)) {
    text.append(block, count);
    if (text.size() > kDocumentBytesMax) return Err(std::string("standard input is too long"));
  }
  return text;
}

int judge_file(const schema::Entry& program, std::string_view name, bool as_json) {
  const auto text = name == "-" ? read_input() : store::read_file(std::string(name), kDocumentBytesMax);
  json::Document document;
  Judgement judgement;
  json::Value root;
  if (!text) {
    judgement.error = text.error();
  } else if (const auto value = document.read(*text, instance_limits()); !value) {
    judgement.error = "it is not JSON as it should be: " + sentence_of(value.error());
  } else {
    root = *value;
    judgement = judge(program, root);
  }
  const std::string shown = name == "-" ? "standard input" : std::string(name);
  const std::string answer = as_json ? to_json(judgement, shown) + '\n' : to_text(judgement, shown, root);
  std::fwrite(answer.data(), 1, answer.size(), stdout);
  return judgement.status();
}

int run_batch(const std::string& file, const Demand& demand, SchemaLibrary& library) {
  Batch batch(library, demand.schema, demand.formats_given);
  if (file == "-") return batch.run(stdin, stdout);
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  const std::unique_ptr<std::FILE, Close> in(std::fopen(file.c_str(), "rb"));
  if (in == nullptr) return fail(file + " cannot be read");
  return batch.run(in.get(), stdout);
}

}  // namespace

int validate(Words words) {
  Arguments arguments;
  if (const auto status = parse_or_answer(verb(), words, arguments)) return *status;
  Demand demand;
  if (const auto status = read_demand(arguments, demand)) return *status;
  SchemaLibrary library(demand.maps);
  const auto schema = arguments.value("--schema");
  const auto batch = arguments.value("--batch");
  if (schema.has_value() == batch.has_value())
    return fail("say either --schema FILE DATA... or --batch FILE");
  if (batch) {
    if (!arguments.positionals().empty() || demand.json)
      return fail("--batch takes its instances from its lines, and answers in JSON");
    return run_batch(std::string(*batch), demand, library);
  }
  if (arguments.positionals().empty()) return fail("no data is named to judge by " + std::string(*schema));
  const auto program = library.from_file(std::string(*schema), demand.schema);
  if (!program) return fail(program.error());
  int status = 0;
  for (const std::string_view file : arguments.positionals())
    status = std::max(status, judge_file(**program, file, demand.json));
  return status;
}

}  // namespace caponier::cli
