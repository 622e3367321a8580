#include "base/secret_reference.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier {
namespace {

constexpr std::string_view kFile = "file://";
constexpr std::string_view kEnvironment = "env://";
constexpr std::string_view kSystemd = "systemd://";
constexpr std::size_t kNameBytesMax = 4096;

bool is_variable(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
}

// systemd.exec(5), LoadCredential=: a plain file name.
bool is_credential(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

}  // namespace

std::string SecretReference::text() const {
  switch (kind) {
    case Kind::kFile:
      return std::string(kFile) + name;
    case Kind::kEnvironment:
      return std::string(kEnvironment) + name;
    case Kind::kSystemd:
      return std::string(kSystemd) + name;
    case Kind::kNone:
      break;
  }
  return {};
}

Result<SecretReference, std::string> parse_secret_reference(std::string_view text) {
  using Kind = SecretReference::Kind;
  const bool printable =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (text.size() <= kNameBytesMax && printable) {
    if (text.starts_with(kFile)) {
      const std::string_view path = text.substr(kFile.size());
      if (path.size() < 2 || path.front() != '/') return Err(std::string("file:// needs an absolute path"));
      return SecretReference{Kind::kFile, std::string(path)};
    }
    if (text.starts_with(kEnvironment)) {
      const std::string_view name = text.substr(kEnvironment.size());
      if (!is_variable(name)) return Err(std::string("env:// needs the name of a variable"));
      return SecretReference{Kind::kEnvironment, std::string(name)};
    }
    if (text.starts_with(kSystemd)) {
      const std::string_view name = text.substr(kSystemd.size());
      if (!is_credential(name)) return Err(std::string("systemd:// needs the name of a credential"));
      return SecretReference{Kind::kSystemd, std::string(name)};
    }
  }
  return Err(std::string("a secret is named by where it is, and never written here"));
}

}  // namespace caponier
