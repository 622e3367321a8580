#include "stages/check/strip.h"

#include "json/write.h"

namespace caponier::stages {
namespace {

using json::Kind;

class Stripper {
 public:
  explicit Stripper(std::string& out) : out_(out) {}

  void write(json::Value value, const plan::Shape& shape);
  [[nodiscard]] bool removed() const { return removed_; }

 private:
  void write_array(json::Value value, const plan::Shape& shape);
  void write_object(json::Value value, const plan::Shape& shape);

  std::string& out_;
  bool removed_ = false;
};

void Stripper::write(json::Value value, const plan::Shape& shape) {
  switch (value.kind()) {
    case Kind::kNull:
      out_ += "null";
      return;
    case Kind::kBoolean:
      out_ += value.boolean() ? "true" : "false";
      return;
    case Kind::kNumber:
      out_ += value.number_text();
      return;
    case Kind::kString:
      return json::append_string(out_, value.string());
    case Kind::kArray:
      return write_array(value, shape);
    case Kind::kObject:
      return write_object(value, shape);
  }
}

void Stripper::write_array(json::Value value, const plan::Shape& shape) {
  const plan::Shape& items = shape.items == nullptr ? plan::any_shape() : *shape.items;
  out_ += '[';
  json::Value child = value.first_child();
  for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) {
    if (i > 0) out_ += ',';
    write(child, items);
  }
  out_ += ']';
}

void Stripper::write_object(json::Value value, const plan::Shape& shape) {
  out_ += '{';
  bool first = true;
  json::Value child = value.first_child();
  for (std::uint32_t i = 0; i < value.size(); ++i, child = child.next_sibling()) {
    const json::Value key = child;
    child = child.next_sibling();
    const plan::Shape* member = shape.property(key.string());
    if (member == nullptr ? shape.closed : member->write_only) {
      removed_ = true;
      continue;
    }
    if (member == nullptr) member = shape.rest == nullptr ? &plan::any_shape() : shape.rest;
    if (!first) out_ += ',';
    first = false;
    json::append_string(out_, key.string());
    out_ += ':';
    write(child, *member);
  }
  out_ += '}';
}

}  // namespace

bool strip(json::Value value, const plan::Shape& shape, std::string& out) {
  Stripper stripper(out);
  stripper.write(value, shape);
  return stripper.removed();
}

}  // namespace caponier::stages
