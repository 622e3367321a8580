#include "cli/validate_batch.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "cli/lines.h"
#include "json/source_text.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kLineBytesMax = kDocumentBytesMax;

Judgement not_judged(std::string sentence) {
  Judgement judgement;
  judgement.error = std::move(sentence);
  return judgement;
}

}  // namespace

struct Batch::Question {
  json::Value schema;
  json::Value instance;
  SchemaDemand demand;
};

Result<Batch::Question, std::string> Batch::read(json::Value line) const {
  static const std::vector<std::string_view> kMembers = {"schema", "instance", "dialect", "format"};
  if (!line.is(json::Kind::kObject)) return Err(std::string("a line is an object with schema and instance"));
  json::Value key = line.first_child();
  for (std::uint32_t i = 0; i < line.size(); ++i) {
    if (std::ranges::find(kMembers, key.string()) == kMembers.end()) {
      const std::string_view meant = did_you_mean(key.string(), kMembers);
      return Err("a line has no member \"" + std::string(key.string().substr(0, 64)) + '"' +
                 (meant.empty() ? "" : "; did you mean " + std::string(meant) + '?'));
    }
    key = key.next_sibling().next_sibling();
  }
  const auto schema = line.find("schema");
  const auto instance = line.find("instance");
  if (!schema || !instance)
    return Err(std::string(schema ? "the instance" : "the schema") + " is missing from the line");
  Question question{*schema, *instance, defaults_};
  if (const auto dialect = line.find("dialect")) {
    const auto parsed = parse_dialect(dialect->is(json::Kind::kString) ? dialect->string() : "");
    if (!parsed) return Err(parsed.error());
    question.demand.dialect = *parsed;
    if (!formats_given_) question.demand.formats_asserted = asserts_formats(*parsed);
  }
  if (const auto format = line.find("format")) {
    if (!format->is(json::Kind::kBoolean)) return Err(std::string("format is true or false"));
    question.demand.formats_asserted = format->boolean();
  }
  return question;
}

// {"file": "name"} stands for what is in the file.
Result<json::Value, std::string> Batch::instance_of(json::Value instance) {
  const auto name = instance.size() == 1 ? instance.find("file") : std::nullopt;
  if (!name || !name->is(json::Kind::kString)) return instance;
  const std::string file(name->string());
  auto text = store::read_file(file, kDocumentBytesMax);
  if (!text) return Err(text.error());
  file_text_ = std::move(*text);
  const auto root = file_.read(file_text_, instance_limits());
  if (!root) return Err(file + " cannot be read: " + sentence_of(root.error()));
  return *root;
}

Judgement Batch::judge_line(std::string_view line) {
  const auto root = line_.read(line, instance_limits());
  if (!root) return not_judged("the line cannot be read: " + sentence_of(root.error()));
  const auto question = read(*root);
  if (!question) return not_judged(question.error());
  const auto program = question->schema.is(json::Kind::kString)
                           ? library_.from_file(std::string(question->schema.string()), question->demand)
                           : library_.from_text(json::source_text(question->schema), question->demand);
  if (!program) return not_judged(program.error());
  const auto instance = instance_of(question->instance);
  if (!instance) return not_judged(instance.error());
  return judge(**program, *instance);
}

int Batch::run(std::FILE* in, std::FILE* out) {
  std::string line;
  bool too_long = false;
  int status = 0;
  while (next_line(in, kLineBytesMax, line, too_long)) {
    if (!too_long && is_blank(line)) continue;
    const Judgement judgement =
        too_long ? not_judged("a line has at most " + std::to_string(kLineBytesMax) + " bytes")
                 : judge_line(line);
    status = std::max(status, judgement.status());
    const std::string answer = to_json(judgement) + '\n';
    std::fwrite(answer.data(), 1, answer.size(), out);
    // Whoever asks line by line waits for each answer.
    if (std::fflush(out) != 0) return 2;
  }
  return status;
}

}  // namespace caponier::cli
