#include "schema/report.h"

#include <algorithm>
#include <iterator>

namespace caponier::schema {
namespace {

constexpr std::size_t kUndeclaredNameBytesMax = 64;

std::string_view cut(std::string_view name) {
  if (name.size() <= kUndeclaredNameBytesMax) return name;
  std::size_t end = kUndeclaredNameBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end);
}

void append_pointer_step(std::string& out, std::string_view name) {
  out += '/';
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

std::string schema_pointer(const Program& program, std::uint32_t path) {
  std::vector<std::string_view> steps;
  while (path != kNone && program.paths[path].parent != kNone) {
    const PathStep& step = program.paths[path];
    steps.push_back({program.names.data() + step.text, step.length});
    path = step.parent;
  }
  std::string out;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) append_pointer_step(out, *step);
  return out;
}

}  // namespace

void Report::enter(std::string_view name, bool declared) {
  lengths_.push_back(pointer_.size());
  append_pointer_step(pointer_, declared ? name : cut(name));
}

void Report::enter(std::uint32_t position) {
  lengths_.push_back(pointer_.size());
  pointer_ += '/' + std::to_string(position);
}

void Report::leave() {
  pointer_.resize(lengths_.back());
  lengths_.pop_back();
}

void Report::add(std::uint32_t origin, std::string sentence) {
  if (full()) return;
  Violation violation;
  violation.instance_pointer = pointer_;
  violation.sentence = std::move(sentence);
  if (origin != kNone) {
    const Origin& place = program_.origins[origin];
    violation.schema_pointer = schema_pointer(program_, place.path);
    violation.file = program_.files[place.file];
    violation.schema_position = place.position;
    violation.keyword = place.keyword;
  }
  violations_.push_back(std::move(violation));
}

std::vector<Violation> Report::take_after(std::size_t size) {
  std::vector<Violation> out(std::make_move_iterator(violations_.begin() + static_cast<std::ptrdiff_t>(size)),
                             std::make_move_iterator(violations_.end()));
  violations_.resize(size);
  return out;
}

void Report::append(std::vector<Violation> violations) {
  for (Violation& violation : violations) {
    if (!full()) violations_.push_back(std::move(violation));
  }
}

}  // namespace caponier::schema
