#include "tls/fingerprint.h"

#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace caponier::tls {
namespace {

// The bundle and the folder that the system's authorities come from, and when they were changed.
std::string state_of_system_store() {
  std::string state;
  const auto note = [&state](const char* variable, const char* otherwise) {
    const char* named = std::getenv(variable);
    const std::filesystem::path path(named != nullptr ? named : otherwise);
    std::error_code missing;
    const auto changed = std::filesystem::last_write_time(path, missing);
    state += path.string() + '\n';
    if (!missing) state += std::to_string(changed.time_since_epoch().count()) + '\n';
  };
  note(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  note(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  return state;
}

void append_digest(std::string& out, std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  out.append(digest.begin(), digest.end());
}

}  // namespace

std::string fingerprint_of(std::string_view authorities, std::string_view chain, std::string_view key) {
  std::string out;
  if (authorities.empty()) {
    append_digest(out, state_of_system_store());
  } else {
    append_digest(out, authorities);
  }
  append_digest(out, chain);
  append_digest(out, key);
  return out;
}

}  // namespace caponier::tls
