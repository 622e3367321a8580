#include "store/argon2.h"

#include <argon2.h>

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"

namespace caponier::store {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::uint32_t kMemoryKib = 19456;
constexpr std::uint32_t kPasses = 2;

std::uint8_t* bytes_of(std::string& text) {
  return reinterpret_cast<std::uint8_t*>(text.data());
}

// Into `out`, which has the size that is wanted. The lanes one after the other, on this thread.
bool compute(const plan::PasswordHash& how, std::string_view password, std::string& out) {
  std::string own_password(password);  // libargon2 takes what it could write to
  std::string salt = how.salt;
  argon2_context context{};
  context.out = bytes_of(out);
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = bytes_of(own_password);
  context.pwdlen = static_cast<std::uint32_t>(own_password.size());
  context.salt = bytes_of(salt);
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.t_cost = how.passes;
  context.m_cost = how.memory_kib;
  context.lanes = how.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  const bool done = argon2id_ctx(&context) == ARGON2_OK;
  wipe(own_password);
  return done;
}

std::string unpadded(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

bool is_password_of(const plan::PasswordHash& hash, std::string_view password) {
  std::string computed(hash.hash.size(), '\0');
  return compute(hash, password, computed) && equals_constant_time(computed, hash.hash);
}

Result<std::string, std::string> hash_password(std::string_view password, RandomSource& random) {
  plan::PasswordHash how{kMemoryKib, kPasses, 1, std::string(kSaltBytes, '\0'), {}};
  random.fill(how.salt.data(), how.salt.size());
  std::string computed(kHashBytes, '\0');
  if (!compute(how, password, computed)) return Err(std::string("there is not enough memory for a hash"));
  return "$argon2id$v=19$m=" + std::to_string(how.memory_kib) + ",t=" + std::to_string(how.passes) +
         ",p=" + std::to_string(how.lanes) + "$" + unpadded(how.salt) + "$" + unpadded(computed);
}

}  // namespace caponier::store
