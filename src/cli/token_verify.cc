// caponier token verify: whether tokens hold, one or a line each.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/diagnostic.h"
#include "cli/key_source.h"
#include "cli/lines.h"
#include "cli/object_writer.h"
#include "cli/token_words.h"
#include "json/document.h"
#include "json/source_text.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kLineBytesMax = 2 * 1024 * 1024;
constexpr std::int64_t kSecondsMax = 1LL << 53;

const Verb& verb() {
  static const Verb kVerb = [] {
    Verb verb{
        "caponier token verify --keys FILE|URL [TOKEN] | --batch FILE",
        "Judges tokens as a gateway would. The token is read from standard input unless it is named. Exit "
        "status: 0 if all hold, 1 if one does not, 2 if one could not be judged.",
        {{"--keys", "FILE|URL", "a JWK Set, a JWK, or a key or certificate in PEM"},
         {"--batch", "FILE",
          "- for standard input; each line an object: token, keys (a JWK Set; default: --keys), and if need "
          "be "
          "issuer, audience, algorithms, at and signature_only. One line of answer each"},
         {"--signature-only", "", "algorithm, key and signature of any compact JWS, whatever its payload"},
         {"--format", "text|json", "of the answer; default text"}},
        1};
    for (Option& option : demand_options()) verb.options.push_back(option);
    return verb;
  }();
  return kVerb;
}

struct Answer {
  std::optional<jose::TokenError> error;
  std::string not_judged;  // a sentence
  [[nodiscard]] int status() const { return !not_judged.empty() ? 2 : error ? 1 : 0; }
};

std::string to_json(const Answer& answer) {
  ObjectWriter writer;
  writer.open({}, '{');
  if (!answer.not_judged.empty()) {
    writer.text("error", answer.not_judged);
  } else {
    writer.boolean("valid", !answer.error);
    writer.text("reason", answer.error ? name(*answer.error) : "");
    if (answer.error) writer.text("detail", sentence_of(*answer.error));
  }
  writer.close('}');
  writer.line_feed();
  return writer.take();
}

// A member of a line that is absent or read into `demand`; a sentence where it is something else.
class Line {
 public:
  explicit Line(json::Value line) : line_(line) {}

  Result<Unit, std::string> read(TokenDemand& demand) const {
    static const std::vector<std::string_view> kMembers = {"token",      "keys", "issuer",        "audience",
                                                           "algorithms", "at",   "signature_only"};
    json::Value key = line_.first_child();
    for (std::uint32_t i = 0; i < line_.size(); ++i, key = key.next_sibling().next_sibling()) {
      if (std::ranges::find(kMembers, key.string()) != kMembers.end()) continue;
      const std::string_view meant = did_you_mean(key.string(), kMembers);
      return Err("a line has no member \"" + std::string(key.string().substr(0, 64)) + '"' +
                 (meant.empty() ? "" : "; did you mean " + std::string(meant) + '?'));
    }
    if (const auto issuer = line_.find("issuer")) {
      if (!issuer->is(json::Kind::kString)) return Err(std::string("issuer is a text"));
      demand.issuer = issuer->string();
    }
    std::vector<std::string> names;
    if (!read_texts("audience", demand.audiences))
      return Err(std::string("audience is a text or a list of texts"));
    if (!read_texts("algorithms", names)) return Err(std::string("algorithms is a list of texts"));
    if (line_.find("algorithms")) {
      auto algorithms = read_algorithms(names);
      if (!algorithms) return Err(algorithms.error());
      demand.algorithms = *algorithms;
    }
    if (const auto at = line_.find("at")) {
      if (!at->is_integer() || at->integer() < 0 || at->integer() > kSecondsMax)
        return Err(std::string("at is in seconds since 1970"));
      demand.at_s = at->integer();
    }
    if (const auto only = line_.find("signature_only")) {
      if (!only->is(json::Kind::kBoolean)) return Err(std::string("signature_only is true or false"));
      demand.signature_only = only->boolean();
    }
    return Unit{};
  }

 private:
  // In the place of those of the command line.
  [[nodiscard]] bool read_texts(std::string_view member, std::vector<std::string>& out) const {
    const auto value = line_.find(member);
    if (!value) return true;
    out.clear();
    if (value->is(json::Kind::kString)) {
      out.emplace_back(value->string());
      return true;
    }
    if (!value->is(json::Kind::kArray)) return false;
    json::Value element = value->first_child();
    for (std::uint32_t i = 0; i < value->size(); ++i, element = element.next_sibling()) {
      if (!element.is(json::Kind::kString)) return false;
      out.emplace_back(element.string());
    }
    return true;
  }

  json::Value line_;
};

Answer cannot(std::string sentence) {
  Answer answer;
  answer.not_judged = std::move(sentence);
  return answer;
}

Answer judge_line(std::string_view text, const jose::KeySet* keys, TokenDemand demand) {
  json::Document document;
  JsonLimits limits;
  limits.bytes_max = kLineBytesMax;
  const auto line = document.read(text, limits);
  if (!line || !line->is(json::Kind::kObject)) return cannot("a line is an object with token and keys");
  if (auto read = Line(*line).read(demand); !read) return cannot(read.error());
  const auto token = line->find("token");
  if (!token || !token->is(json::Kind::kString)) return cannot("the token is missing from the line");
  std::optional<jose::KeySet> own;
  if (const auto set = line->find("keys")) {
    auto parsed = parse_keys(json::source_text(*set));
    // Keys that cannot be used leave a token without its key: that is an answer.
    if (!parsed && !set->is(json::Kind::kObject)) return cannot("keys: " + parsed.error());
    own = parsed ? std::move(*parsed) : jose::KeySet();
    keys = &*own;
  }
  if (keys == nullptr) return cannot("there are no keys: in the line, or as --keys");
  return {judge_token(token->string(), *keys, demand), {}};
}

int run_batch(std::FILE* in, const jose::KeySet* keys, const TokenDemand& demand) {
  std::string line;
  bool too_long = false;
  int status = 0;
  while (next_line(in, kLineBytesMax, line, too_long)) {
    if (!too_long && is_blank(line)) continue;
    const Answer answer = too_long ? cannot("a line has at most " + std::to_string(kLineBytesMax) + " bytes")
                                   : judge_line(line, keys, demand);
    status = std::max(status, answer.status());
    const std::string text = to_json(answer);
    std::fwrite(text.data(), 1, text.size(), stdout);
    // Whoever asks line by line waits for each answer.
    if (std::fflush(stdout) != 0) return 2;
  }
  return status;
}

int run_batch(const std::string& file, const jose::KeySet* keys, const TokenDemand& demand) {
  if (file == "-") return run_batch(stdin, keys, demand);
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  const std::unique_ptr<std::FILE, Close> in(std::fopen(file.c_str(), "rb"));
  if (in == nullptr) return fail(file + " cannot be read");
  return run_batch(in.get(), keys, demand);
}

void tell_refused(const jose::KeySet& keys) {
  for (const jose::RefusedKey& key : keys.refused) {
    std::fprintf(stderr, "caponier: key %s is not used: %s\n", key.id.c_str(), key.reason.c_str());
  }
}

}  // namespace

int verify_token(Words words) {
  Arguments arguments;
  if (const auto status = parse_or_answer(verb(), words, arguments)) return *status;
  auto demand = read_demand(arguments);
  if (!demand) return fail(demand.error());
  demand->signature_only = arguments.has("--signature-only");
  const std::string format = arguments.text("--format", "text");
  if (format != "text" && format != "json") return fail("--format is text or json");
  std::optional<jose::KeySet> keys;
  if (const auto source = arguments.value("--keys")) {
    auto loaded = load_keys(std::string(*source), arguments.text("--ca"));
    if (!loaded) return fail(loaded.error());
    keys = std::move(*loaded);
    tell_refused(*keys);
  }
  if (const auto batch = arguments.value("--batch")) {
    if (!arguments.positionals().empty()) return fail("--batch takes its tokens from its lines");
    return run_batch(std::string(*batch), keys ? &*keys : nullptr, *demand);
  }
  if (!keys) return fail("--keys is missing: which keys may have signed it?");
  const auto token = read_token(arguments);
  if (!token) return fail(token.error());
  const Answer answer{judge_token(*token, *keys, *demand), {}};
  if (format == "json") {
    std::printf("%s", to_json(answer).c_str());
  } else if (answer.error) {
    const std::string_view reason = name(*answer.error);
    const std::string_view sentence = sentence_of(*answer.error);
    std::printf("not valid: %.*s: %.*s\n", static_cast<int>(reason.size()), reason.data(),
                static_cast<int>(sentence.size()), sentence.data());
  } else {
    std::printf("valid\n");
  }
  return answer.status();
}

}  // namespace caponier::cli
