#include "store/key_file.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>

#include "base/bytes.h"
#include "json/write.h"
#include "store/key_format.h"
#include "store/key_lines.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

constexpr std::size_t kKeyFileBytesMax = 64UL * 1024 * 1024;
constexpr std::size_t kSubjectBytesMax = 256;
constexpr std::size_t kScopesMax = 64;
constexpr std::size_t kScopeBytesMax = 128;

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

plan::KeyDigest digest_of(std::string_view key) {
  plan::KeyDigest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

// A file of keys grants access: nobody but its owner may add to it.
Result<Unit, std::string> judge_owner(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return Err(path + " is not a regular file");
  if (status.st_uid != geteuid() && status.st_uid != 0) return Err(path + " belongs to another user");
  if ((status.st_mode & 022U) != 0) return Err(path + " can be written by others; run: chmod go-w " + path);
  return Unit{};
}

// RFC 6749 section 3.3: scope-token.
bool is_scope(std::string_view scope) {
  return !scope.empty() && scope.size() <= kScopeBytesMax &&
         std::all_of(scope.begin(), scope.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

Result<Unit, std::string> judge_request(std::string_view subject, const std::vector<std::string>& scopes,
                                        std::int64_t expires_at_s, std::int64_t now_s) {
  const bool printable = std::none_of(subject.begin(), subject.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (subject.empty() || subject.size() > kSubjectBytesMax || !printable || !is_utf8(subject)) {
    return Err(std::string("the subject must be 1 to 256 bytes of printable text"));
  }
  if (scopes.size() > kScopesMax) return Err(std::string("a key has at most 64 scopes"));
  for (const std::string& scope : scopes) {
    if (!is_scope(scope)) {
      return Err(
          std::string("a scope must be 1 to 128 printable characters without space, quote and backslash"));
    }
  }
  if (expires_at_s < 0 || (expires_at_s != 0 && expires_at_s <= now_s)) {
    return Err(std::string("the time of expiry lies in the past"));
  }
  return Unit{};
}

std::string line_of(const plan::ApiKey& key, std::int64_t now_s) {
  std::string line = "{\"id\":";
  json::append_string(line, key.id);
  line += ",\"subject\":";
  json::append_string(line, key.subject);
  line += ",\"scopes\":[";
  for (const std::string& scope : key.scopes) {
    if (line.back() != '[') line += ',';
    json::append_string(line, scope);
  }
  line += "],\"created_at\":" + std::to_string(now_s);
  if (key.expires_at_s != 0) line += ",\"expires_at\":" + std::to_string(key.expires_at_s);
  const std::string_view digest(reinterpret_cast<const char*>(key.digest.data()), key.digest.size());
  line += ",\"sha256\":\"" + to_hex(digest) + "\"}\n";
  return line;
}

// An open file that closes itself, and with it gives its lock back.
class LockedFile {
 public:
  explicit LockedFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (fd_ >= 0 && flock(fd_, LOCK_EX) != 0) {
      close(fd_);
      fd_ = -1;
    }
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

  // All of `bytes` after the first `size` bytes of the file, on disk; or the file as it was, without what
  // tore.
  bool append_after(std::size_t size, std::string_view bytes) {
    const auto end = static_cast<off_t>(size);
    if (ftruncate(fd_, end) != 0) return false;
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written == static_cast<ssize_t>(bytes.size()) && fsync(fd_) == 0) return true;
    const int error = written >= 0 && written < static_cast<ssize_t>(bytes.size()) ? ENOSPC : errno;
    [[maybe_unused]] const int ignored = ftruncate(fd_, end);
    errno = error;
    return false;
  }
  bool status(struct stat& into) const { return fstat(fd_, &into) == 0; }

 private:
  int fd_;
};

}  // namespace

Result<std::shared_ptr<const plan::ApiKeyIndex>, std::string> load_key_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return Err(because("cannot read " + path));
  const auto judged = judge_owner(path, status);
  if (!judged) return Err(judged.error());
  const auto text = read_file(path, kKeyFileBytesMax);
  if (!text) return Err(text.error());
  auto lines = read_key_lines(*text, path);
  if (!lines) return Err(lines.error());
  return std::shared_ptr<const plan::ApiKeyIndex>(
      std::make_shared<plan::ApiKeyIndex>(std::move(lines->keys)));
}

Result<NewKey, std::string> create_key(const std::string& path, std::string_view subject,
                                       const std::vector<std::string>& scopes, std::int64_t expires_at_s,
                                       std::int64_t now_s, RandomSource& random) {
  const auto judged = judge_request(subject, scopes, expires_at_s, now_s);
  if (!judged) return Err(judged.error());
  LockedFile file(path);
  struct stat status {};
  if (!file.ok() || !file.status(status)) return Err(because("cannot write " + path));
  const auto owned = judge_owner(path, status);
  if (!owned) return Err(owned.error());
  const auto text = read_file(path, kKeyFileBytesMax);
  if (!text) return Err(text.error());
  const auto lines = read_key_lines(*text, path);
  if (!lines) return Err(lines.error());

  std::unordered_set<std::string_view> ids;
  for (const plan::ApiKey& key : lines->keys) ids.insert(key.id);
  plan::ApiKey key;
  do {
    key.id = make_key_id(random);
  } while (ids.contains(key.id));
  NewKey made{key.id, make_key(key.id, random)};
  key.subject = subject;
  key.scopes = scopes;
  key.expires_at_s = expires_at_s;
  key.digest = digest_of(made.key.reveal());
  std::string line = line_of(key, now_s);
  // A last line without its newline is complete, or it would have been left out.
  if (lines->bytes > 0 && (*text)[lines->bytes - 1] != '\n') line.insert(0, "\n");
  if (!file.append_after(lines->bytes, line)) return Err(because("cannot write " + path));
  if (!sync_directory_of(path)) return Err(because("cannot make " + path + " durable"));
  return made;
}

}  // namespace caponier::store
