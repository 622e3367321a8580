#include "pattern/pattern.h"

#include <re2/re2.h>

#include <variant>

#include "pattern/ast.h"
#include "pattern/backtracking.h"
#include "pattern/backtracking_problem.h"
#include "pattern/direct.h"

namespace caponier::pattern {
namespace {

constexpr std::int64_t kRe2BytesMax = 2 << 20;

std::unique_ptr<const RE2> compile_re2(const Ast& ast) {
  const std::string text = to_re2(ast);
  if (text.empty()) return nullptr;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRe2BytesMax);
  auto out = std::make_unique<const RE2>(text, options);
  if (!out->ok()) return nullptr;
  return out;
}

}  // namespace

struct Pattern::Program {
  std::string source;
  std::variant<Direct, std::unique_ptr<const RE2>, Backtracking> engine;
};

Pattern::Pattern(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern, PatternError> Pattern::compile(std::string_view pattern) {
  auto ast = parse(pattern);
  if (!ast) return Err(ast.error());
  if (auto direct = Direct::from(*ast)) {
    return Pattern(std::make_unique<const Program>(Program{std::string(pattern), std::move(*direct)}));
  }
  // Repetitions past what RE2 can hold, and properties that it does not know, are left to PCRE2.
  if (auto linear = compile_re2(*ast)) {
    return Pattern(std::make_unique<const Program>(Program{std::string(pattern), std::move(linear)}));
  }
  if (auto problem = backtracking_problem(*ast)) return Err(std::move(*problem));
  auto backtracking = Backtracking::compile(to_pcre2(*ast));
  if (!backtracking) return Err(backtracking.error());
  return Pattern(std::make_unique<const Program>(Program{std::string(pattern), std::move(*backtracking)}));
}

Match Pattern::matches(std::string_view text) const {
  if (const auto* direct = std::get_if<0>(&program_->engine)) {
    return direct->matches(text) ? Match::kYes : Match::kNo;
  }
  switch (engine()) {
    case Engine::kDirect:
      break;
    case Engine::kRe2: {
      const RE2& regex = **std::get_if<1>(&program_->engine);
      return regex.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0)
                 ? Match::kYes
                 : Match::kNo;
    }
    case Engine::kPcre2:
      return std::get_if<2>(&program_->engine)->matches(text);
  }
  return Match::kLimit;
}

Engine Pattern::engine() const {
  return static_cast<Engine>(program_->engine.index());
}

const std::string& Pattern::source() const {
  return program_->source;
}

std::optional<PatternError> syntax_error(std::string_view pattern) {
  auto ast = parse(pattern);
  if (ast) return std::nullopt;
  return ast.error();
}

}  // namespace caponier::pattern
