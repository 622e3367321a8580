// What the readers of the configuration's parts share: where they report, and how they take a member of a
// given type. Each taker complains about a wrong type where it stands, and then answers as if nothing were
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/quote.h"
#include "base/tree.h"
#include "config/config.h"

namespace caponier::config {

class Reader {
 public:
  Reader(const Tree& tree, Diagnostics& diagnostics);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void error(const Node& node, std::string code, std::string message, std::string fix = {});
  void error_at_key(const Node& node, std::string code, std::string message, std::string fix = {});

  // False if `node` is no object; unknown members are reported. `what`: "a listener".
  bool check_keys(const Node& node, std::span<const std::string_view> keys, std::string_view what);
  // Member `name`; reports its absence.
  const Node* required(const Node& object, std::string_view name, std::string_view what);

  // Members that may be absent. A text must not be empty and holds no control characters.
  std::optional<std::string> text(const Node& object, std::string_view name);
  std::optional<bool> boolean(const Node& object, std::string_view name);
  std::optional<std::int64_t> integer(const Node& object, std::string_view name, std::int64_t min,
                                      std::int64_t max);
  std::optional<std::int64_t> duration_ms(const Node& object, std::string_view name, std::int64_t min_ms,
                                          std::int64_t max_ms);
  std::optional<std::uint64_t> bytes(const Node& object, std::string_view name, std::uint64_t min,
                                     std::uint64_t max);
  // A list of texts.
  std::vector<std::string> texts(const Node& object, std::string_view name);
  // A file name, taken from the configuration file's folder.
  std::optional<std::string> file(const Node& object, std::string_view name);
  // Where a secret is. A secret itself is refused.
  std::optional<SecretReference> secret(const Node& object, std::string_view name);
  // A list of files.
  std::vector<std::pair<std::string, const Node*>> files(const Node& object, std::string_view name);
  // An object or array member.
  const Node* object(const Node& parent, std::string_view name);
  const Node* array(const Node& parent, std::string_view name);

  [[nodiscard]] Origin origin_of(const Node& node) const;

 private:
  [[nodiscard]] std::string in_folder(const std::string& written) const;
  bool is_text(const Node& node);
  void wrong_type(const Node& node, std::string_view wanted);

  const Tree& tree_;
  Diagnostics& diagnostics_;
  std::string folder_;
};

// "250ms", "30s", "1h": the shortest spelling.
std::string duration_text(std::int64_t ms);
std::string bytes_text(std::uint64_t bytes);

}  // namespace caponier::config
