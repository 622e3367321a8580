// What the compiler tells a person: located diagnostics that carry the operation they concern, and the
// findings that stay in the Plan. Every error stops the Plan; none of them stops the compilation.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/tree.h"
#include "plan/plan.h"

namespace caponier::plan {

// A node and the file it stands in; null: by default, or from the command line.
struct Source {
  std::string_view file;
  const Node* node = nullptr;
};

// The place a person looks for: the key, where the node is a member that holds more than a scalar.
SourcePosition place(const Node& node);
Where where_of(const Source& source);
// `text` in double quotes, cut to a length that fits a line.
std::string quoted(std::string_view text);

Diagnostic diagnostic_at(const Source& at, std::string code, std::string message, std::string fix = {});

// At a setting of the configuration.
Diagnostic diagnostic_at(const config::Origin& origin, std::string code, std::string message,
                         std::string fix = {});

class Report {
 public:
  explicit Report(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // What follows concerns this operation; empty: none in particular.
  void concern(std::string operation) { operation_ = std::move(operation); }
  [[nodiscard]] const std::string& operation() const { return operation_; }

  void error(const Source& at, std::string code, std::string message, std::string fix = {});
  // At the key of a member that should not be there.
  void error_at_key(const Source& at, std::string code, std::string message, std::string fix = {});
  void finding(const Source& at, std::string code, std::string message, std::string fix = {});
  void add_finding(Diagnostic diagnostic);
  // The same, unless it was said of this node before.
  void finding_once(const Source& at, const std::string& code, std::string message, std::string fix = {});
  // Adds what another room reported, naming the operation; what was said of a shared place before is not
  // repeated.
  void adopt(const Diagnostics& others);
  void add(Diagnostic diagnostic);

  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

 private:
  Diagnostics& diagnostics_;
  std::string operation_;
  std::vector<Finding> findings_;
  std::set<std::pair<const Node*, std::string>> said_once_;
  std::set<std::string> adopted_;
  std::size_t errors_ = 0;
};

}  // namespace caponier::plan
