// JSON objects and lists, written member by member: for reports that programs read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "json/write.h"

namespace caponier::cli {

// Objects in the making: `{"a":1,"b":[`.
class ObjectWriter {
 public:
  void open(std::string_view name, char bracket) {
    key(name);
    out_ += bracket;
    empty_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    empty_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    json::append_string(out_, value);
  }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::size_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void line_feed() { out_ += '\n'; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  // An empty name: an element of an array, or the outermost value.
  void key(std::string_view name) {
    if (!empty_) out_ += ',';
    empty_ = false;
    if (name.empty()) return;
    json::append_string(out_, name);
    out_ += ':';
  }

  std::string out_;
  bool empty_ = true;
};

}  // namespace caponier::cli
