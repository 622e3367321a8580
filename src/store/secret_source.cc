#include "store/secret_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

Result<Secret, std::string> read_secret_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return Err("cannot read " + path + ": " + std::strerror(errno));
  if ((status.st_mode & 077U) != 0 && status.st_uid == geteuid()) {
    return Err(path + " holds a secret and can be read by others; run: chmod 600 " + path);
  }
  auto text = read_file(path, kSecretBytesMax);
  if (!text) return Err(text.error());
  return Secret(std::move(*text));
}

Result<Secret, std::string> fetch(const SecretReference& reference) {
  using Kind = SecretReference::Kind;
  if (reference.kind == Kind::kEnvironment) {
    const char* const value = std::getenv(reference.name.c_str());
    if (value == nullptr) return Err("the environment has no " + reference.name);
    return Secret(std::string(value));
  }
  if (reference.kind == Kind::kFile) return read_secret_file(reference.name);
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return Err("there is no credential " + reference.name +
               ": systemd gives none to this process (LoadCredential=, CREDENTIALS_DIRECTORY)");
  }
  auto text = read_file(std::string(folder) + '/' + reference.name, kSecretBytesMax);
  if (!text) return Err(text.error());
  return Secret(std::move(*text));
}

constexpr std::size_t kOwnSecretBytes = 32;

// Two processes may find none at the same time: the file appears whole, and the first stays.
Result<Unit, std::string> make_file(const std::string& path, RandomSource& random) {
  std::string bytes(kOwnSecretBytes, '\0');
  random.fill(bytes.data(), bytes.size());
  std::string text = to_hex(bytes) + "\n";
  wipe(bytes);
  const std::string whole = path + "." + std::to_string(getpid());
  auto written = write_file_whole(whole, text);
  wipe(text);
  if (!written) return written;
  const bool linked = link(whole.c_str(), path.c_str()) == 0;
  const int error = errno;
  unlink(whole.c_str());
  if (!linked && error != EEXIST) return Err("cannot make " + path + ": " + std::strerror(error));
  if (!sync_directory_of(path)) return Err("cannot make " + path + " durable");
  return Unit{};
}

}  // namespace

Result<Secret, std::string> own_secret(const std::string& path, RandomSource& random) {
  if (access(path.c_str(), F_OK) != 0) {
    if (auto made = make_file(path, random); !made) return Err(made.error());
  }
  return read_secret({SecretReference::Kind::kFile, path});
}

Result<Secret, std::string> read_secret(const SecretReference& reference) {
  auto secret = fetch(reference);
  if (!secret) return secret;
  std::string_view text = secret->reveal();
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return Err("the secret at " + reference.text() + " is empty");
  return Secret(std::string(text));
}

}  // namespace caponier::store
