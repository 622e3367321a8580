#include "config/reader.h"

#include <filesystem>
#include <utility>

#include "base/canary.h"

namespace caponier::config {
namespace {

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return true;
  }
  return false;
}

}  // namespace

std::string duration_text(std::int64_t ms) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};
  for (const auto& [unit, factor] : kUnits) {
    if (ms != 0 && ms % factor == 0) return std::to_string(ms / factor) + std::string(unit);
  }
  return std::to_string(ms) + "ms";
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}};
  for (const auto& [unit, factor] : kUnits) {
    if (bytes != 0 && bytes % factor == 0) return std::to_string(bytes / factor) + std::string(unit);
  }
  return std::to_string(bytes);
}

Reader::Reader(const Tree& tree, Diagnostics& diagnostics)
    : tree_(tree),
      diagnostics_(diagnostics),
      folder_(std::filesystem::path(tree.file()).parent_path().string()) {}

void Reader::error(const Node& node, std::string code, std::string message, std::string fix) {
  diagnostics_.add(at_node(tree_, node, std::move(code), std::move(message), std::move(fix)));
}

void Reader::error_at_key(const Node& node, std::string code, std::string message, std::string fix) {
  Diagnostic diagnostic = at_node(tree_, node, std::move(code), std::move(message), std::move(fix));
  if (node.key_position.line != 0) diagnostic.position = node.key_position;
  diagnostics_.add(std::move(diagnostic));
}

void Reader::wrong_type(const Node& node, std::string_view wanted) {
  error(node, "wrong-type",
        quote(node.key) + " must be " + std::string(wanted) + ", not " + std::string(kind_name(node.kind)));
}

bool Reader::check_keys(const Node& node, std::span<const std::string_view> keys, std::string_view what) {
  if (!node.is_object()) {
    error(node, "wrong-type",
          std::string(what) + " must be an object, not " + std::string(kind_name(node.kind)));
    return false;
  }
  for (const Node& member : node) {
    bool known = false;
    for (const std::string_view key : keys) known = known || key == member.key;
    if (known) continue;
    const std::string_view meant = did_you_mean(member.key, {keys.begin(), keys.end()});
    error_at_key(member, "unknown-key", quote(member.key) + " is not a key of " + std::string(what),
                 meant.empty() ? "Remove it." : "Did you mean " + quote(meant) + "?");
  }
  return true;
}

const Node* Reader::required(const Node& object, std::string_view name, std::string_view what) {
  const Node* found = object.find(name);
  if (found == nullptr) {
    error(object, "missing-key", std::string(what) + " needs the key " + quote(name), "Add it.");
  }
  return found;
}

bool Reader::is_text(const Node& node) {
  if (!node.is_string()) {
    wrong_type(node, "a string");
    return false;
  }
  if (node.text.empty() || has_control_character(node.text)) {
    error(node, "invalid-value", "a text here must not be empty, nor hold control characters");
    return false;
  }
  return true;
}

std::optional<std::string> Reader::text(const Node& object, std::string_view name) {
  const Node* found = object.find(name);
  if (found == nullptr || !is_text(*found)) return std::nullopt;
  return std::string(found->text);
}

std::optional<bool> Reader::boolean(const Node& object, std::string_view name) {
  const Node* found = object.find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_boolean()) return found->boolean;
  wrong_type(*found, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Reader::integer(const Node& object, std::string_view name, std::int64_t min,
                                            std::int64_t max) {
  const Node* found = object.find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number()) {
    wrong_type(*found, "a number");
    return std::nullopt;
  }
  const std::optional<std::int64_t> value = found->integer();
  if (value && *value >= min && *value <= max) return value;
  error(*found, "out-of-range",
        quote(name) + " must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<std::int64_t> Reader::duration_ms(const Node& object, std::string_view name,
                                                std::int64_t min_ms, std::int64_t max_ms) {
  const Node* found = object.find(name);
  if (found == nullptr) return std::nullopt;
  const std::optional<std::int64_t> value =
      found->is_string() ? parse_duration_ms(found->text) : std::nullopt;
  if (!value) {
    error(*found, "invalid-value", quote(name) + " must be a duration",
          "Write a number with its unit: 250ms, 30s, 5m, 2h or 1d.");
    return std::nullopt;
  }
  if (*value >= min_ms && *value <= max_ms) return value;
  error(*found, "out-of-range",
        quote(name) + " must be from " + duration_text(min_ms) + " to " + duration_text(max_ms));
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::bytes(const Node& object, std::string_view name, std::uint64_t min,
                                           std::uint64_t max) {
  const Node* found = object.find(name);
  if (found == nullptr) return std::nullopt;
  const bool scalar = found->is_string() || found->is_number();
  const std::optional<std::uint64_t> value = scalar ? parse_bytes(found->text) : std::nullopt;
  if (!value) {
    error(*found, "invalid-value", quote(name) + " must be a size",
          "Write a number of bytes, or a number with its unit: 64KiB, 1MiB, 500kB.");
    return std::nullopt;
  }
  if (*value >= min && (*value <= max || canary("config-range"))) return value;
  error(*found, "out-of-range", quote(name) + " must be from " + bytes_text(min) + " to " + bytes_text(max));
  return std::nullopt;
}

std::vector<std::string> Reader::texts(const Node& object, std::string_view name) {
  std::vector<std::string> out;
  const Node* list = array(object, name);
  if (list == nullptr) return out;
  for (const Node& element : *list) {
    if (!element.is_string()) {
      error(
          element, "wrong-type",
          "an element of " + quote(name) + " must be a string, not " + std::string(kind_name(element.kind)));
    } else if (is_text(element)) {
      out.emplace_back(element.text);
    }
  }
  return out;
}

std::string Reader::in_folder(const std::string& written) const {
  const std::filesystem::path path(written);
  if (path.is_absolute() || folder_.empty()) return written;
  return (std::filesystem::path(folder_) / path).lexically_normal().string();
}

std::optional<SecretReference> Reader::secret(const Node& object, std::string_view name) {
  auto written = text(object, name);
  if (!written) return std::nullopt;
  auto reference = parse_secret_reference(*written);
  if (reference) return std::move(*reference);
  // The message does not show what is written: it may be the secret.
  error(*object.find(name), "literal-secret", "`" + std::string(name) + "`: " + reference.error(),
        "Write file:///absolute/path, env://NAME or systemd://NAME.");
  return std::nullopt;
}

std::optional<std::string> Reader::file(const Node& object, std::string_view name) {
  const std::optional<std::string> written = text(object, name);
  if (!written) return std::nullopt;
  return in_folder(*written);
}

std::vector<std::pair<std::string, const Node*>> Reader::files(const Node& object, std::string_view name) {
  std::vector<std::pair<std::string, const Node*>> out;
  const Node* list = array(object, name);
  if (list == nullptr) return out;
  for (const Node& entry : *list) {
    if (is_text(entry)) out.emplace_back(in_folder(std::string(entry.text)), &entry);
  }
  return out;
}

const Node* Reader::object(const Node& parent, std::string_view name) {
  const Node* found = parent.find(name);
  if (found == nullptr || found->is_object()) return found;
  wrong_type(*found, "an object");
  return nullptr;
}

const Node* Reader::array(const Node& parent, std::string_view name) {
  const Node* found = parent.find(name);
  if (found == nullptr || found->is_array()) return found;
  wrong_type(*found, "a list");
  return nullptr;
}

Origin Reader::origin_of(const Node& node) const {
  return {tree_.file(), node.position, node.pointer()};
}

}  // namespace caponier::config
