// `caponier validate --batch`: one schema and one instance a line, one judgement a line.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/judgement.h"
#include "cli/schema_library.h"

namespace caponier::cli {

class Batch {
 public:
  Batch(SchemaLibrary& library, const SchemaDemand& defaults, bool formats_given)
      : library_(library), defaults_(defaults), formats_given_(formats_given) {}

  // What one line asks for.
  Judgement judge_line(std::string_view line);
  // All of them, each answered at once; empty lines have no answer. The exit status.
  int run(std::FILE* in, std::FILE* out);

 private:
  struct Question;
  Result<Question, std::string> read(json::Value line) const;
  Result<json::Value, std::string> instance_of(json::Value instance);

  SchemaLibrary& library_;
  SchemaDemand defaults_;
  bool formats_given_;
  json::Document line_;
  json::Document file_;
  std::string file_text_;
};

}  // namespace caponier::cli
