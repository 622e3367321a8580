// Makes the shapes of schemas, each once, into the Plan. Circular schemas are fine.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/tree.h"
#include "plan/programs.h"
#include "plan/shape.h"

namespace caponier::plan {

class Shapes {
 public:
  Shapes(Programs& programs, std::deque<Shape>& shapes) : programs_(programs), shapes_(shapes) {}

  const Shape* of(const Node& schema);
  // A schema that speaks of the place, over its `$ref`s; null if none does.
  [[nodiscard]] const Node* schema_of(const Shape& shape) const;

 private:
  // Several schemas may speak of one place: of a property that two alternatives declare.
  using Nodes = std::vector<const Node*>;
  struct Draft {
    std::uint8_t types = Shape::kEveryType;
    bool open = false;    // additionalProperties or patternProperties let others in
    bool closed = false;  // it is written that there are no others
    bool write_only = false;
    bool binary = false;
    Nodes items;
    Nodes rest;
    std::map<std::string, Nodes> properties;
  };

  const Shape* place(Nodes nodes);
  Draft read(const Node& node, int depth);
  void read_composition(const Node& schema, Draft& draft, int depth);
  static void merge(Draft& draft, Draft&& other);

  Programs& programs_;
  std::deque<Shape>& shapes_;
  std::map<Nodes, Shape*> known_;
  std::map<const Shape*, const Node*> schemas_;
  std::vector<std::pair<Shape*, Nodes>> pending_;
  std::size_t budget_ = 0;
};

}  // namespace caponier::plan
