#include "plan/router.h"

#include <algorithm>
#include <optional>

#include "base/arena.h"
#include "base/bytes.h"
#include "uri/path.h"

namespace caponier::plan {
namespace {

constexpr std::size_t kMethodCount = static_cast<std::size_t>(http::Method::kOther);
constexpr std::uint32_t kNone = 0xffffffff;

std::uint32_t bit(http::Method method) {
  return 1U << static_cast<unsigned>(method);
}

// FNV-1a over the text, begun at the parent: the table is filled from the document and only searched by
// requests, so that nobody outside can make it degenerate.
std::uint64_t hash_of(std::uint32_t parent, std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ (parent * 0x9e3779b97f4a7c15ULL);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash ^ (hash >> 29);
}

// One segment of a template: n parameters among n + 1 literals, decoded. No parameter: a literal.
struct Segment {
  std::vector<std::string> literals;
  [[nodiscard]] std::size_t parameters() const { return literals.size() - 1; }
  [[nodiscard]] bool is_whole_parameter() const {
    return literals.size() == 2 && literals[0].empty() && literals[1].empty();
  }
  [[nodiscard]] std::size_t literal_bytes() const {
    std::size_t bytes = 0;
    for (const std::string& literal : literals) bytes += literal.size();
    return bytes;
  }
};

struct Split {
  std::vector<Segment> segments;
  std::string probe;  // the template with every parameter filled in
  std::string error;
};

// Appends what `text` says up to its end; false with an error in `split`.
bool split_segment(std::string_view text, Split& split) {
  Segment segment;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '}') return split.error = "a '}' closes nothing", false;
    if (text[i] != '{') {
      literal += text[i];
      continue;
    }
    const std::size_t close = text.find_first_of("{}", i + 1);
    if (close == std::string_view::npos || text[close] != '}') {
      return split.error = "a '{' is not closed within its segment", false;
    }
    if (close == i + 1) return split.error = "a parameter has no name", false;
    if (literal.empty() && !segment.literals.empty()) {
      return split.error = "two parameters stand side by side with nothing between them", false;
    }
    split.probe += literal + "x";
    segment.literals.push_back(uri::decode(literal).value_or(literal));
    literal.clear();
    i = close;
  }
  split.probe += literal;
  segment.literals.push_back(uri::decode(literal).value_or(literal));
  split.segments.push_back(std::move(segment));
  return true;
}

Split split_template(std::string_view path_template) {
  Split split;
  if (path_template.empty() || path_template.front() != '/') {
    split.error = "the path does not begin with '/'";
    return split;
  }
  std::size_t parameters = 0;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t next = path_template.find('/', at + 1);
    const std::size_t length = next == std::string_view::npos ? next : next - at - 1;
    split.probe += '/';
    if (!split_segment(path_template.substr(at + 1, length), split)) return split;
    parameters += split.segments.back().parameters();
    at = next;
  }
  if (parameters > kPathParametersMax) {
    split.error = "the path has more than " + std::to_string(kPathParametersMax) + " parameters";
    return split;
  }
  Arena arena;
  const auto probed = uri::normalize_path(split.probe, arena);
  if (!probed) split.error = "no request can have this path (" + std::string(uri::name(probed.error())) + ")";
  return split;
}

// A segment that could be divided in two ways, empty parts counted, is read differently by different servers:
// it matches only if the division from the left is also the one from the right.
bool match_segment(const Segment& pattern, std::string_view text, RouteMatch& match) {
  const std::string& first = pattern.literals.front();
  const std::string& last = pattern.literals.back();
  if (text.size() < first.size() + last.size()) return false;
  if (!text.starts_with(first) || !text.ends_with(last)) return false;
  const std::string_view inner = text.substr(first.size(), text.size() - first.size() - last.size());
  std::string_view rest = inner;
  const std::size_t inner_literals = pattern.literals.size() - 2;
  std::uint32_t count = match.parameter_count;
  for (std::size_t i = 1; i <= inner_literals; ++i) {
    const std::size_t at = rest.find(pattern.literals[i]);
    if (at == std::string_view::npos || at == 0) return false;
    match.parameters[count++] = rest.substr(0, at);
    rest.remove_prefix(at + pattern.literals[i].size());
  }
  if (rest.empty()) return false;
  match.parameters[count++] = rest;
  std::string_view before = inner;
  for (std::size_t i = inner_literals; i >= 1; --i) {
    const std::size_t at = before.rfind(pattern.literals[i]);
    const std::string_view& left = match.parameters[match.parameter_count + i - 1];
    if (before.data() + at != left.data() + left.size()) return false;
    before = before.substr(0, at);
  }
  match.parameter_count = count;
  return true;
}

bool has_upper(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return to_lower(c) != c; });
}

// By letters without their case, as bytes.
bool is_below(std::string_view one, std::string_view other) {
  const auto folded = [](char c) { return static_cast<unsigned char>(to_lower(c)); };
  return std::ranges::lexicographical_compare(one, other, {}, folded, folded);
}

}  // namespace

struct Router::Table {
  struct Pattern {
    Segment segment;
    std::uint32_t child;
    Segment folded;  // in lower case
  };
  struct Folded {
    std::string literal;  // in lower case
    std::uint32_t child;
  };
  struct Node {
    std::vector<Pattern> patterns;  // most literal text first
    std::uint32_t whole = kNone;    // the child below a whole-segment parameter
    std::uint32_t endpoint = kNone;
    std::vector<Folded> literals;  // its children's, sorted
    bool mixed = false;            // a pattern of it has letters of the upper case
  };
  struct Endpoint {
    std::uint32_t allowed_methods = 0;
    std::array<std::uint32_t, kMethodCount> operations;
    Endpoint() { operations.fill(kNoOperation); }
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t parent = 0;
    std::uint32_t child = kNone;  // kNone: free
    std::string literal;
  };

  std::vector<Node> nodes = std::vector<Node>(1);
  std::vector<Endpoint> endpoints;
  std::vector<Slot> slots = std::vector<Slot>(64);
  std::size_t used = 0;

  [[nodiscard]] std::uint32_t find(std::uint32_t parent, std::string_view literal) const {
    const std::uint64_t hash = hash_of(parent, literal);
    for (std::size_t i = hash & (slots.size() - 1);; i = (i + 1) & (slots.size() - 1)) {
      const Slot& slot = slots[i];
      if (slot.child == kNone) return kNone;
      if (slot.hash == hash && slot.parent == parent && slot.literal == literal) return slot.child;
    }
  }

  void insert(Slot slot) {
    std::size_t i = slot.hash & (slots.size() - 1);
    while (slots[i].child != kNone) i = (i + 1) & (slots.size() - 1);
    slots[i] = std::move(slot);
  }

  void add_literal(std::uint32_t parent, std::string literal, std::uint32_t child) {
    if (++used * 2 > slots.size()) {
      std::vector<Slot> old(slots.size() * 2);
      old.swap(slots);
      for (Slot& slot : old) {
        if (slot.child != kNone) insert(std::move(slot));
      }
    }
    insert({hash_of(parent, literal), parent, child, std::move(literal)});
  }

  std::uint32_t make_node() {
    nodes.emplace_back();
    return static_cast<std::uint32_t>(nodes.size() - 1);
  }

  // The child of `parent` for `segment`, made if it is not there.
  std::uint32_t child_of(std::uint32_t parent, Segment segment) {
    if (segment.parameters() == 0) {
      std::uint32_t child = find(parent, segment.literals.front());
      if (child == kNone) {
        child = make_node();
        Folded folded{lower(segment.literals.front()), child};
        auto& literals = nodes[parent].literals;
        literals.insert(std::ranges::upper_bound(literals, folded.literal, is_below, &Folded::literal),
                        std::move(folded));
        add_literal(parent, std::move(segment.literals.front()), child);
      }
      return child;
    }
    if (segment.is_whole_parameter()) {
      if (nodes[parent].whole == kNone) {
        const std::uint32_t child = make_node();
        nodes[parent].whole = child;
      }
      return nodes[parent].whole;
    }
    for (const Pattern& pattern : nodes[parent].patterns) {
      if (pattern.segment.literals == segment.literals) return pattern.child;
    }
    const std::uint32_t child = make_node();
    auto& patterns = nodes[parent].patterns;
    const auto at = std::find_if(patterns.begin(), patterns.end(), [&segment](const Pattern& p) {
      return p.segment.literal_bytes() < segment.literal_bytes();
    });
    Segment folded = segment;
    for (std::string& literal : folded.literals) literal = lower(literal);
    nodes[parent].mixed |= folded.literals != segment.literals;
    patterns.insert(at, {std::move(segment), child, std::move(folded)});
    return child;
  }

  // The endpoint at the end of `segments`, made if it is not there.
  std::uint32_t endpoint_of(std::vector<Segment> segments) {
    std::uint32_t at = 0;
    for (Segment& segment : segments) at = child_of(at, std::move(segment));
    if (nodes[at].endpoint == kNone) {
      nodes[at].endpoint = static_cast<std::uint32_t>(endpoints.size());
      endpoints.emplace_back();
    }
    return nodes[at].endpoint;
  }

  // Whether another endpoint is reached by literals that differ from `segment` in the case of their letters
  // alone. Some servers do not tell them apart, and would serve that, where something else was judged.
  // `exact`: the literal child, if there is one.
  [[nodiscard]] bool is_other_case(const Node& node, std::string_view segment,
                                   std::span<const std::string_view> rest, std::uint32_t exact) const {
    for (const Folded& one : std::ranges::equal_range(node.literals, segment, is_below, &Folded::literal)) {
      RouteMatch elsewhere;
      if (one.child != exact && walk(one.child, rest, elsewhere) != kNone) return true;
    }
    if (node.patterns.empty() || (!node.mixed && !has_upper(segment))) return false;
    const std::string folded = lower(segment);
    for (const Pattern& pattern : node.patterns) {
      RouteMatch elsewhere;
      if (match_segment(pattern.segment, segment, elsewhere)) return false;
      if (match_segment(pattern.folded, folded, elsewhere) && walk(pattern.child, rest, elsewhere) != kNone)
        return true;
    }
    return false;
  }

  // The endpoint that `segments` lead to. Every node is entered at most once, because its depth says which
  // segment it stands for: the document alone bounds the work.
  [[nodiscard]] std::uint32_t walk(std::uint32_t at, std::span<const std::string_view> segments,
                                   RouteMatch& match) const {
    const Node& node = nodes[at];
    if (segments.empty()) return node.endpoint;
    const std::string_view segment = segments.front();
    const auto rest = segments.subspan(1);
    const std::uint32_t child = find(at, segment);
    if (child != kNone) {
      if (const std::uint32_t end = walk(child, rest, match); end != kNone) return end;
    }
    if (node.whole == kNone && node.patterns.empty()) return kNone;
    if (is_other_case(node, segment, rest, child)) return kNone;
    const std::uint32_t count = match.parameter_count;
    for (const Pattern& pattern : node.patterns) {
      if (!match_segment(pattern.segment, segment, match)) continue;
      if (const std::uint32_t end = walk(pattern.child, rest, match); end != kNone) return end;
      match.parameter_count = count;
    }
    if (node.whole == kNone || segment.empty()) return kNone;
    match.parameters[match.parameter_count++] = segment;
    const std::uint32_t end = walk(node.whole, rest, match);
    if (end == kNone) match.parameter_count = count;
    return end;
  }
};

Router::Router() : table_(std::make_unique<Table>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

std::string Router::add(std::string_view path_template, http::Method method, std::uint32_t operation) {
  if (static_cast<std::size_t>(method) >= kMethodCount) return "this method cannot be served";
  Split split = split_template(path_template);
  if (!split.error.empty()) return split.error;
  Table::Endpoint& endpoint = table_->endpoints[table_->endpoint_of(std::move(split.segments))];
  std::uint32_t& slot = endpoint.operations[static_cast<std::size_t>(method)];
  if (slot != kNoOperation) return "another operation has the same method and a path of the same shape";
  slot = operation;
  endpoint.allowed_methods |= bit(method);
  if (method == http::Method::kGet) endpoint.allowed_methods |= bit(http::Method::kHead);
  return {};
}

void Router::hide(std::string_view path_template) {
  Split split = split_template(path_template);
  if (split.error.empty()) table_->endpoint_of(std::move(split.segments));
}

RouteMatch Router::match(std::span<const std::string_view> segments, http::Method method) const {
  RouteMatch match;
  const std::uint32_t end = table_->walk(0, segments, match);
  if (end == kNone) return match;
  const Table::Endpoint& endpoint = table_->endpoints[end];
  match.hidden = endpoint.allowed_methods == 0;
  if (match.hidden) return match;
  match.path_found = true;
  match.allowed_methods = endpoint.allowed_methods;
  const auto index = static_cast<std::size_t>(method);
  if (index >= kMethodCount) return match;
  match.operation = endpoint.operations[index];
  // RFC 9110, section 9.3.2: what GET answers, HEAD answers without the body.
  if (match.operation == kNoOperation && method == http::Method::kHead) {
    match.operation = endpoint.operations[static_cast<std::size_t>(http::Method::kGet)];
  }
  return match;
}

}  // namespace caponier::plan
