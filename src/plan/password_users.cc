#include "plan/password_users.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

constexpr std::string_view kKind = "$argon2id$v=19$";
constexpr std::size_t kSaltBytesMin = 8;
constexpr std::size_t kHashBytesMin = 16;
constexpr std::size_t kPartBytesMax = 64;

// What stands before `end`, taken off the text; nullopt: it does not stand there.
std::optional<std::string_view> take(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

// "m=19456"
bool read_number(std::optional<std::string_view> part, std::string_view name, std::uint32_t& number) {
  if (!part || !part->starts_with(name)) return false;
  const std::string_view digits = part->substr(name.size());
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && !digits.starts_with('0');
}

// base64 without padding.
bool read_bytes(std::string_view text, std::size_t least, std::string& bytes) {
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  auto decoded = base64_decode(padded);
  if (!decoded || decoded->size() < least || decoded->size() > kPartBytesMax) return false;
  bytes = std::move(*decoded);
  return true;
}

std::string out_of_bounds(const PasswordHash& hash) {
  const auto beyond = [](std::string_view what, std::uint32_t value, std::uint32_t max) {
    return std::string(what) + " " + std::to_string(value) + " is more than " + std::to_string(max);
  };
  if (hash.memory_kib > kHashMemoryKibMax)
    return beyond("m (KiB of memory)", hash.memory_kib, kHashMemoryKibMax);
  if (hash.passes > kHashPassesMax) return beyond("t (passes)", hash.passes, kHashPassesMax);
  if (hash.lanes > kHashLanesMax) return beyond("p (lanes)", hash.lanes, kHashLanesMax);
  if (hash.memory_kib < kHashMemoryKibMin)
    return "m (KiB of memory) " + std::to_string(hash.memory_kib) + " is less than " +
           std::to_string(kHashMemoryKibMin) + ", which is quickly guessed";
  if (hash.passes == 0 || hash.lanes == 0 || hash.memory_kib < 8 * hash.lanes)
    return "m, t and p do not go together";
  return {};
}

// What is wrong with a line; empty: nothing.
std::string read_line(std::string_view line, std::map<std::string, std::string, std::less<>>& hashes) {
  const std::optional<std::string_view> name = take(line, ':');
  if (!name) return "is not NAME:HASH";
  if (!is_user_name(*name))
    return "does not begin with a name of at most " + std::to_string(kUserNameBytesMax) +
           " printable characters";
  const auto hash = parse_password_hash(line);
  if (!hash) return hash.error();
  if (!hashes.emplace(*name, line).second) return "names a user that stands above";
  return {};
}

}  // namespace

Result<PasswordHash, std::string> parse_password_hash(std::string_view text) {
  const std::string no_hash = "does not hold an argon2id hash as `argon2 SALT -id -e` prints it";
  if (!text.starts_with(kKind)) return Err(no_hash);
  text.remove_prefix(kKind.size());
  PasswordHash hash;
  if (!read_number(take(text, ','), "m=", hash.memory_kib) ||
      !read_number(take(text, ','), "t=", hash.passes) || !read_number(take(text, '$'), "p=", hash.lanes)) {
    return Err(no_hash);
  }
  const std::optional<std::string_view> salt = take(text, '$');
  if (!salt || !read_bytes(*salt, kSaltBytesMin, hash.salt) || !read_bytes(text, kHashBytesMin, hash.hash))
    return Err(no_hash);
  if (std::string wrong = out_of_bounds(hash); !wrong.empty()) return Err("holds a hash of which " + wrong);
  return hash;
}

bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= kUserNameBytesMax && std::ranges::all_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f && c != ':';
  });
}

std::shared_ptr<const PasswordUsers> PasswordUsers::parse(std::string_view text, const std::string& file,
                                                          Diagnostics& diagnostics) {
  auto users = std::make_shared<PasswordUsers>();
  bool wrong = false;
  const auto tell = [&](std::uint32_t line, std::string what) {
    wrong = true;
    diagnostics.add({.code = "bad-users",
                     .file = file,
                     .position = {line, line == 0 ? 0U : 1U},
                     .message = std::move(what),
                     .fix = "write NAME:HASH on each line; `caponier passwd FILE NAME` does"});
  };
  std::uint32_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (users->hashes_.size() >= kUsersMax) {
      tell(number, "there are more than " + std::to_string(kUsersMax) + " users");
      break;
    }
    if (std::string what = read_line(line, users->hashes_); !what.empty()) tell(number, "the line " + what);
  }
  if (!wrong && users->hashes_.empty()) tell(0, "the file has no users, so that nobody could come in");
  if (wrong) return nullptr;
  for (const auto& [name, hash] : users->hashes_) users->all_.push_back(&hash);
  return users;
}

const std::string* PasswordUsers::find(std::string_view name) const {
  const auto found = hashes_.find(name);
  return found == hashes_.end() ? nullptr : &found->second;
}

const std::string& PasswordUsers::decoy(std::uint64_t number) const {
  return *all_[number % all_.size()];
}

}  // namespace caponier::plan
