// Look-around and back-references: PCRE2, compiled to machine code where it can, under a match limit.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pattern/pattern.h"

struct pcre2_real_code_8;

namespace caponier::pattern {

class Backtracking {
 public:
  static Result<Backtracking, PatternError> compile(const std::string& pcre2_text);
  [[nodiscard]] Match matches(std::string_view text) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  explicit Backtracking(pcre2_real_code_8* code) : code_(code) {}

  std::unique_ptr<pcre2_real_code_8, Free> code_;
  bool anchored_ = false;
};

}  // namespace caponier::pattern
