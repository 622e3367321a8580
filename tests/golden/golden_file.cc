#include "golden/golden_file.h"

#include <cstdlib>

namespace caponier::golden {
namespace {

bool take(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

void read_given(Case& into, std::string_view line) {
  into.given.append(line).append("\n");
  if (take(line, "> ")) {
    into.head.emplace_back(line);
  } else if (take(line, "token ")) {
    into.token_claims = line;
  } else if (take(line, "forged-token ")) {
    into.token_claims = line;
    into.forged = true;
  } else if (take(line, "certificate ")) {
    into.certificate = line;
  } else if (take(line, "body of ")) {
    into.has_body = true;
    into.body = "\"" + std::string(std::strtoul(std::string(line).c_str(), nullptr, 10) - 2, 'x') + "\"";
  } else if (take(line, "body ")) {
    into.has_body = true;
    into.body = line;
  } else if (take(line, "times ")) {
    into.times = std::atoi(std::string(line).c_str());
  }
}

}  // namespace

File read_file(std::string_view text) {
  enum class Part { kNone, kContract, kConfig, kGiven, kExpected };
  File file;
  Part part = Part::kNone;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::string_view line = whole;
    if (take(line, "=== case ")) {
      part = Part::kGiven;
      file.cases.emplace_back();
      file.cases.back().name = line;
      continue;
    }
    if (file.cases.empty()) {
      file.preamble.append(whole).append("\n");
      if (line == "=== contract") {
        part = Part::kContract;
      } else if (line == "=== config") {
        part = Part::kConfig;
      } else if (part != Part::kNone) {
        (part == Part::kContract ? file.contract : file.config).append(whole).append("\n");
      }
      continue;
    }
    if (line == "---") {
      part = Part::kExpected;
    } else if (part == Part::kGiven) {
      read_given(file.cases.back(), line);
    } else {
      file.cases.back().expected.append(whole).append("\n");
    }
  }
  return file;
}

std::string write_file(const File& file) {
  std::string text = file.preamble;
  for (const Case& one : file.cases) {
    text.append("=== case ").append(one.name).append("\n").append(one.given);
    text.append("---\n").append(one.expected);
  }
  return text;
}

}  // namespace caponier::golden
