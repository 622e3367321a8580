#include "plan/report.h"

namespace caponier::plan {

SourcePosition place(const Node& node) {
  const bool holds_more = node.is_object() || node.is_array();
  return holds_more && node.key_position.line > 0 ? node.key_position : node.position;
}

Where where_of(const Source& source) {
  if (source.node == nullptr) return {std::string(source.file)};
  const SourcePosition at = place(*source.node);
  return {std::string(source.file) + ':' + std::to_string(at.line) + ':' + std::to_string(at.column)};
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 120;
  if (text.size() <= kShownBytesMax) return '"' + std::string(text) + '"';
  std::size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return '"' + std::string(text.substr(0, end)) + "...\"";
}

Diagnostic diagnostic_at(const Source& at, std::string code, std::string message, std::string fix) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  diagnostic.file = at.file;
  if (at.node != nullptr) {
    diagnostic.position = place(*at.node);
    diagnostic.pointer = at.node->pointer();
  }
  return diagnostic;
}

Diagnostic diagnostic_at(const config::Origin& origin, std::string code, std::string message,
                         std::string fix) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.file = origin.file;
  diagnostic.position = origin.position;
  diagnostic.pointer = origin.pointer;
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

void Report::add(Diagnostic diagnostic) {
  if (diagnostic.operation.empty()) diagnostic.operation = operation_;
  if (diagnostic.severity == Severity::kError) ++errors_;
  diagnostics_.add(std::move(diagnostic));
}

void Report::error(const Source& at, std::string code, std::string message, std::string fix) {
  add(diagnostic_at(at, std::move(code), std::move(message), std::move(fix)));
}

void Report::error_at_key(const Source& at, std::string code, std::string message, std::string fix) {
  Diagnostic diagnostic = diagnostic_at(at, std::move(code), std::move(message), std::move(fix));
  if (at.node != nullptr && at.node->key_position.line > 0) diagnostic.position = at.node->key_position;
  add(std::move(diagnostic));
}

void Report::finding(const Source& at, std::string code, std::string message, std::string fix) {
  add_finding(diagnostic_at(at, std::move(code), std::move(message), std::move(fix)));
}

void Report::add_finding(Diagnostic diagnostic) {
  diagnostic.severity = Severity::kFinding;
  Where where{diagnostic.file};
  if (diagnostic.position.line > 0) {
    where.text +=
        ':' + std::to_string(diagnostic.position.line) + ':' + std::to_string(diagnostic.position.column);
  }
  findings_.push_back({diagnostic.code, diagnostic.message, std::move(where)});
  add(std::move(diagnostic));
}

void Report::finding_once(const Source& at, const std::string& code, std::string message, std::string fix) {
  if (said_once_.emplace(at.node, code).second) finding(at, code, std::move(message), std::move(fix));
}

void Report::adopt(const Diagnostics& others) {
  for (const Diagnostic& diagnostic : others.all()) {
    if (!adopted_.insert(to_text(diagnostic)).second) continue;
    diagnostic.severity == Severity::kFinding ? add_finding(diagnostic) : add(diagnostic);
  }
}

}  // namespace caponier::plan
