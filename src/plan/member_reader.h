// Reads members of a policy object strictly: what is of the wrong kind or unknown is reported where it
// stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/report.h"

namespace caponier::plan {

class MemberReader {
 public:
  MemberReader(const Source& object, Report& report) : object_(object), report_(report) {}

  // Reports and returns false unless it is an object.
  bool object();
  [[nodiscard]] const Node* find(std::string_view key) const { return object_.node->find(key); }
  [[nodiscard]] Source at(const Node& node) const { return {object_.file, &node}; }
  // Reports every member that is not among `names`; `what` names the object.
  void only(const std::vector<std::string_view>& names, std::string_view what);
  // A text that is not empty.
  std::optional<std::string> text(const Node& node);
  // A list of such texts with at least one; a single text counts as one.
  std::vector<std::string> texts(const Node& node);

 private:
  Source object_;
  Report& report_;
};

// `member` is not among `known`: misspelt, of another place (`elsewhere`), of a later version, or nobody's.
void report_unknown_member(const Source& member, const std::vector<std::string_view>& known,
                           const std::vector<std::string_view>& elsewhere, std::string_view elsewhere_name,
                           Report& report);

}  // namespace caponier::plan
