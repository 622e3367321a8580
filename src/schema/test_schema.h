// For the tests of this room: a schema and instances from JSON text, judged in both modes at once.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "json/read_tree.h"
#include "schema/compile.h"
#include "schema/program.h"

namespace caponier::schema {

// "#/a/b" within one tree.
inline const Node* resolve_local(const Node& from, std::string_view reference) {
  const Node* at = &from;
  while (at->parent != nullptr) at = at->parent;
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  while (at != nullptr && !reference.empty()) {
    reference.remove_prefix(1);
    const std::string_view raw = reference.substr(0, reference.find('/'));
    reference.remove_prefix(raw.size());
    std::string name;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '~' && i + 1 < raw.size()) {
        name += raw[++i] == '1' ? '/' : '~';
      } else {
        name += raw[i];
      }
    }
    if (at->is_array()) {
      std::size_t position =
          name.find_first_not_of("0123456789") == std::string::npos ? std::stoul(name) : at->child_count;
      at = at->first_child;
      while (at != nullptr && position-- > 0) at = at->next;
    } else {
      at = at->find(name);
    }
  }
  return at;
}

class TestSchema {
 public:
  explicit TestSchema(std::string_view text, const CompileOptions& options = {},
                      std::string_view pointer = {}) {
    auto tree = json::read_tree(text, "schema.json");
    if (!tree) {
      ADD_FAILURE() << text << ": " << tree.error().message;
      return;
    }
    tree_ = std::move(*tree);
    const Node* node = pointer.empty() ? tree_->root() : resolve_local(*tree_->root(), pointer);
    program = compile(
        *node, options,
        [](const Node& holder, std::string_view reference, Diagnostics&) {
          return resolve_local(holder, reference);
        },
        [](const Node&) { return std::string_view("schema.json"); }, diagnostics);
  }

  // What both modes say; fails the test where they differ.
  Outcome judge(std::string_view instance) {
    const auto value = document_.read(instance, JsonLimits{});
    if (!value) {
      ADD_FAILURE() << instance << ": " << json::name(value.error().error);
      return Outcome::kInvalid;
    }
    const Outcome outcome = evaluate(*program, *value);
    violations = explain(*program, *value);
    EXPECT_EQ(outcome == Outcome::kValid, violations.empty()) << instance;
    return outcome;
  }
  bool accepts(std::string_view instance) { return judge(instance) == Outcome::kValid; }

  // "code at pointer: message", one a line.
  [[nodiscard]] std::string said() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all())
      out += d.code + " at " + d.pointer + ": " + d.message + "\n";
    return out;
  }

  ProgramPtr program;
  Diagnostics diagnostics;
  std::vector<Violation> violations;

 private:
  std::unique_ptr<Tree> tree_;
  json::Document document_;
};

}  // namespace caponier::schema
