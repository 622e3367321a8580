// What the explaining mode keeps while it walks: the way to where it stands, and the violations found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/program_data.h"

namespace caponier::schema {

class Report {
 public:
  Report(const Program& program, std::size_t violations_max) : program_(program), max_(violations_max) {}

  // Steps into a member or an element, and out again. A name that the schema does not declare comes from the
  // client: it is cut.
  void enter(std::string_view name, bool declared);
  void enter(std::uint32_t position);
  void leave();

  void add(std::uint32_t origin, std::string sentence);
  [[nodiscard]] bool full() const { return violations_.size() >= max_; }
  [[nodiscard]] std::size_t size() const { return violations_.size(); }
  // Takes away what came after the first `size`, for a second thought.
  std::vector<Violation> take_after(std::size_t size);
  void append(std::vector<Violation> violations);
  std::vector<Violation> take() { return std::move(violations_); }

 private:
  const Program& program_;
  std::size_t max_;
  std::string pointer_;
  std::vector<std::size_t> lengths_;  // of pointer_, before each step
  std::vector<Violation> violations_;
};

}  // namespace caponier::schema
