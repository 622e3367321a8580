#include "fetch/stored_keys.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"
#include "json/document.h"
#include "json/write.h"
#include "store/state_dir.h"

namespace caponier::fetch {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::uint32_t kMembersBytesMax = 16 * 1024;  // all but the set
constexpr std::uint32_t kDepthMax = 2;
constexpr std::uint32_t kNodesMax = 16;
constexpr std::int64_t kTimeMaxMs = 1LL << 53;
// It only has to be the same tomorrow: what a file is about is said inside.
constexpr DigestKey kNamingKey = {0x6361'706f'6e69'6572, 0x6b65'7973'2d66'696c};

std::optional<std::string> text_of(json::Value root, std::string_view name) {
  const auto member = root.find(name);
  if (!member || !member->is(json::Kind::kString)) return std::nullopt;
  return std::string(member->string());
}

std::optional<std::int64_t> number_of(json::Value root, std::string_view name) {
  const auto member = root.find(name);
  if (!member || !member->is_integer()) return std::nullopt;
  return member->integer();
}

}  // namespace

std::string stored_keys_name(std::string_view issuer, std::string_view place) {
  std::string text(issuer);
  text.append(1, '\0').append(place);
  const Digest128 digest = keyed_digest(kNamingKey, text);
  std::string bytes;
  for (const std::uint64_t half : {digest.high, digest.low}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift & 0xFF);
  }
  return "keys-" + to_hex(bytes) + ".json";
}

std::string to_text(const StoredKeys& keys) {
  std::string out = "{\"version\":" + std::to_string(kVersion) + ",\"issuer\":";
  json::append_string(out, keys.issuer);
  out += ",\"place\":";
  json::append_string(out, keys.place);
  out += ",\"fetched_at_ms\":" + std::to_string(keys.fetched_at_ms) + ",\"set\":";
  json::append_string(out, keys.text);
  return out + "}\n";
}

Result<StoredKeys, std::string> parse_stored_keys(std::string_view text) {
  JsonLimits limits;
  limits.bytes_max = static_cast<std::uint32_t>(text.size());
  limits.depth_max = kDepthMax;
  limits.nodes_max = kNodesMax;
  json::Document document;
  const auto root = document.read(text, limits);
  if (!root || !root->is(json::Kind::kObject)) return Err<std::string>("it is not a JSON object");
  if (number_of(*root, "version") != kVersion) return Err<std::string>("it is of another version");
  auto issuer = text_of(*root, "issuer");
  auto place = text_of(*root, "place");
  auto set = text_of(*root, "set");
  const auto at = number_of(*root, "fetched_at_ms");
  if (!issuer || !place || !set || !at || *at < 0 || *at > kTimeMaxMs)
    return Err<std::string>("a member is missing or of another type");
  return StoredKeys{std::move(*issuer), std::move(*place), *at, std::move(*set)};
}

KeyArchive::KeyArchive(std::string directory, std::function<void(std::string)> failed)
    : directory_(std::move(directory)), failed_(std::move(failed)) {
  if (keeps()) thread_ = std::thread([this] { work(); });
}

void KeyArchive::close() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::string KeyArchive::file_of(std::string_view issuer, std::string_view place) const {
  return directory_ + "/" + stored_keys_name(issuer, place);
}

void KeyArchive::keep(const StoredKeys& keys) {
  if (!keeps()) return;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_[file_of(keys.issuer, keys.place)] = to_text(keys);
  }
  changed_.notify_one();
}

Result<StoredKeys, std::string> KeyArchive::read(const std::string& issuer, const std::string& place,
                                                 std::uint32_t text_bytes_max) const {
  const std::string file = file_of(issuer, place);
  if (!keeps() || (access(file.c_str(), F_OK) != 0 && errno == ENOENT)) return StoredKeys{};
  // A byte of the set takes six at most, as \u0000 does.
  const auto text = store::read_file(file, std::size_t{6} * text_bytes_max + kMembersBytesMax);
  if (!text) return Err(text.error());
  auto keys = parse_stored_keys(*text);
  if (!keys) return Err(file + ": " + keys.error());
  if (keys->issuer != issuer || keys->place != place) return Err(file + ": it is about another issuer");
  return keys;
}

void KeyArchive::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto next = waiting_.extract(waiting_.begin());
    lock.unlock();
    const auto written = store::write_file_whole(next.key(), next.mapped());
    if (!written) failed_(written.error());
    lock.lock();
  }
}

}  // namespace caponier::fetch
