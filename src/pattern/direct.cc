#include "pattern/direct.h"

#include <algorithm>

#include "base/canary.h"

namespace caponier::pattern {
namespace {

// Groups that are not repeated only matter to back-references, which never get here.
void flatten(const Term& term, std::vector<const Term*>& out) {
  if (term.kind == TermKind::kConcat || term.kind == TermKind::kGroup) {
    for (const TermPtr& child : term.children) flatten(*child, out);
  } else {
    out.push_back(&term);
  }
}

// Items of one code point, taken once: joined they are a text.
std::optional<std::string> literal_of(const std::vector<const Term*>& terms) {
  std::string out;
  for (const Term* term : terms) {
    const auto only = term->kind == TermKind::kSet ? term->set.single() : std::nullopt;
    if (!only) return std::nullopt;
    append_utf8(out, *only);
  }
  return out;
}

}  // namespace

bool Direct::Item::has_wide(char32_t c) const {
  const auto after = std::upper_bound(wide.begin(), wide.end(), c,
                                      [](char32_t value, const Range& range) { return value < range.low; });
  return after != wide.begin() && c + (canary("pattern-range-end") ? 1 : 0) <= std::prev(after)->high;
}

std::optional<Direct::Item> Direct::item_of(const Term& term) {
  Item item;
  const Term* set = &term;
  if (term.kind == TermKind::kRepeat) {
    item.min = term.min;
    item.max = term.max;
    std::vector<const Term*> inside;
    flatten(*term.children[0], inside);
    if (inside.size() != 1) return std::nullopt;
    set = inside[0];
  }
  if (set->kind != TermKind::kSet || !set->set.is_plain()) return std::nullopt;
  item.set = set->set;
  for (const Range& range : item.set.ranges) {
    for (char32_t c = range.low; c <= range.high && c < 128; ++c)
      item.ascii[c >> 6] |= std::uint64_t{1} << (c & 63);
    if (range.high >= 128) item.wide.push_back({std::max<char32_t>(range.low, 128), range.high});
  }
  return item;
}

// Taking as much as an item allows is right if nothing it could have left would have fitted what follows.
bool Direct::is_deterministic(const std::vector<Item>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].min == items[i].max) continue;
    for (std::size_t j = i + 1; j < items.size(); ++j) {
      if (items[j].max > 0 && items[i].set.intersects(items[j].set)) return false;
      if (items[j].min > 0) break;
    }
  }
  return true;
}

std::optional<Direct> Direct::from(const Ast& ast) {
  if (ast.needs_backtracking) return std::nullopt;
  std::vector<const Term*> terms;
  flatten(*ast.root, terms);
  const bool from_start = !terms.empty() && terms.front()->kind == TermKind::kStart;
  if (from_start) terms.erase(terms.begin());
  const bool to_end = !terms.empty() && terms.back()->kind == TermKind::kEnd;
  if (to_end) terms.pop_back();

  Direct out;
  out.to_end_ = to_end;
  if (auto literal = literal_of(terms)) {
    out.literal_ = std::move(*literal);
    out.shape_ = from_start ? (to_end ? Shape::kEquals : Shape::kPrefix)
                            : (to_end ? Shape::kSuffix : Shape::kContains);
    return out;
  }
  if (!from_start) return std::nullopt;
  out.shape_ = Shape::kSequence;
  for (const Term* term : terms) {
    auto item = item_of(*term);
    if (!item) return std::nullopt;
    out.items_.push_back(std::move(*item));
  }
  if (!is_deterministic(out.items_)) return std::nullopt;
  out.take_prefix();
  out.narrow();
  return out;
}

// The items at the beginning that are one certain code point each are a text, which is compared faster.
void Direct::take_prefix() {
  const auto is_literal = [](const Item& item) {
    return item.min == 1 && item.max == 1 && item.set.single().has_value();
  };
  const auto rest = std::ranges::find_if_not(items_, is_literal);
  for (auto item = items_.begin(); item != rest; ++item) append_utf8(literal_, *item->set.single());
  items_.erase(items_.begin(), rest);
}

void Direct::narrow() {
  if (items_.size() > kNarrowItemsMax) return;
  auto out = std::make_unique<Narrow>();
  out->fixed = true;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (!item.wide.empty()) return;
    const auto bit = static_cast<std::uint8_t>(1U << i);
    for (std::size_t c = 0; c < 128; ++c) {
      if ((item.ascii[c >> 6] >> (c & 63) & 1) != 0) out->accepts[c] |= bit;
    }
    out->fixed = out->fixed && item.min == item.max && out->positions.size() + item.min <= kPositionsMax;
    if (out->fixed) out->positions.append(item.min, static_cast<char>(bit));
  }
  narrow_ = std::move(out);
}

bool Direct::matches_narrow(std::string_view text) const {
  const Narrow& narrow = *narrow_;
  if (!text.starts_with(literal_)) return false;
  const auto* at = reinterpret_cast<const unsigned char*>(text.data()) + literal_.size();
  const unsigned char* const end = at + (text.size() - literal_.size());
  const auto room = static_cast<std::size_t>(end - at);
  if (narrow.fixed) {
    const std::size_t length = narrow.positions.size();
    if (room < length || (to_end_ && room != length)) return false;
    unsigned missed = 0;
    for (std::size_t i = 0; i < length; ++i) {
      missed |=
          static_cast<unsigned char>(narrow.positions.data()[i]) & ~unsigned{narrow.accepts.data()[at[i]]};
    }
    return missed == 0;
  }
  unsigned bit = 1;
  for (const Item& item : items_) {
    const unsigned char* const from = at;
    const unsigned char* const stop = static_cast<std::size_t>(end - at) > item.max ? at + item.max : end;
    while (at != stop && (narrow.accepts.data()[*at] & bit) != 0) ++at;
    if (static_cast<std::size_t>(at - from) < item.min) return false;
    bit <<= 1;
  }
  return !to_end_ || at == end;
}

bool Direct::matches(std::string_view text) const {
  if (narrow_ != nullptr) return matches_narrow(text);

  switch (shape_) {
    case Shape::kEquals:
      return text == literal_;
    case Shape::kPrefix:
      return text.starts_with(literal_);
    case Shape::kSuffix:
      return text.ends_with(literal_);
    case Shape::kContains:
      return text.find(literal_) != std::string_view::npos;
    case Shape::kSequence:
      return matches_sequence(text);
  }
  return false;
}

// Past as many code points of [at, end) as the item takes; null if those are too few.
const char* Direct::skip_item(const Item& item, const char* at, const char* end) {
  const std::uint64_t low = item.ascii[0];
  const std::uint64_t high = item.ascii[1];
  const auto has_ascii = [low, high](unsigned char byte) {
    return (((byte & 64) != 0 ? high : low) >> (byte & 63) & 1) != 0;
  };
  // ASCII first, which is all that most texts have.
  const char* const from = at;
  const auto room = static_cast<std::size_t>(end - at);
  const char* const stop = room > item.max ? at + item.max : end;
  while (at != stop && static_cast<signed char>(*at) >= 0 && has_ascii(static_cast<unsigned char>(*at))) ++at;
  auto count = static_cast<std::uint32_t>(at - from);
  for (; count < item.max && at != end; ++count) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x80) {
      if (!has_ascii(byte)) break;
      ++at;
      continue;
    }
    const std::string_view rest(at, end);
    std::size_t after = 0;
    if (item.wide.empty() || !item.has_wide(next_code_point(rest, after))) break;
    at += std::min(after, rest.size());
  }
  return count < item.min ? nullptr : at;
}

bool Direct::matches_sequence(std::string_view text) const {
  if (!text.starts_with(literal_)) return false;
  if (text.empty()) text = "";  // null says of an item that it does not match
  const char* at = text.data() + literal_.size();
  const char* const end = text.data() + text.size();
  for (const Item& item : items_) {
    at = skip_item(item, at, end);
    if (at == nullptr) return false;
  }
  return !to_end_ || at == end;
}

}  // namespace caponier::pattern
