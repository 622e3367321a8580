#include "base/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace caponier {
namespace {

// Diagnostics quote documents that others wrote: what would drive a terminal is shown as '?'.
void append_visible(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    out += c < 0x20 || c == 0x7f || c1 ? '?' : text[i];
  }
}

auto order(const Diagnostic& d) {
  return std::tie(d.file, d.position.line, d.position.column, d.message, d.code, d.pointer, d.operation,
                  d.severity, d.fix);
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kFinding:
      return "finding";
    case Severity::kNote:
      return "note";
  }
  return "error";
}

std::string to_text(const Diagnostic& diagnostic) {
  std::string out;
  if (!diagnostic.file.empty()) {
    append_visible(out, diagnostic.file);
    if (diagnostic.position.line > 0) {
      out += ':' + std::to_string(diagnostic.position.line);
      if (diagnostic.position.column > 0) out += ':' + std::to_string(diagnostic.position.column);
    }
    out += ": ";
  }
  out += name(diagnostic.severity);
  out += ": ";
  append_visible(out, diagnostic.message);
  if (!diagnostic.code.empty()) out += " [" + diagnostic.code + "]";
  if (!diagnostic.pointer.empty() || !diagnostic.operation.empty()) {
    out += " (at ";
    append_visible(out, diagnostic.pointer);
    if (!diagnostic.pointer.empty() && !diagnostic.operation.empty()) out += ", ";
    append_visible(out, diagnostic.operation);
    out += ')';
  }
  if (!diagnostic.fix.empty()) {
    out += "\n  fix: ";
    append_visible(out, diagnostic.fix);
  }
  return out;
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  return all_.emplace_back(std::move(diagnostic));
}

void Diagnostics::sort() {
  const auto before = [](const Diagnostic& a, const Diagnostic& b) { return order(a) < order(b); };
  const auto same = [](const Diagnostic& a, const Diagnostic& b) { return order(a) == order(b); };
  std::stable_sort(all_.begin(), all_.end(), before);
  all_.erase(std::unique(all_.begin(), all_.end(), same), all_.end());
  errors_ = static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::kError; }));
}

}  // namespace caponier
