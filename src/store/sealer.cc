#include "store/sealer.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/canary.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kNameBytes = 8;
constexpr std::size_t kFileBytesMax = std::size_t{64} * 1024;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

unsigned char* bytes_of(std::string& text, std::size_t at = 0) {
  return reinterpret_cast<unsigned char*>(text.data()) + at;
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string name_of(std::int64_t made_s) {
  std::string name(kNameBytes, '\0');
  for (std::size_t i = 0; i < kNameBytes; ++i)
    name[i] = static_cast<char>(static_cast<std::uint64_t>(made_s) >> (8 * (kNameBytes - 1 - i)));
  return name;
}

}  // namespace

Result<Sealer, std::string> Sealer::open(std::string path, std::int64_t now_s, RandomSource& random) {
  Sealer sealer(std::move(path), random);
  if (auto rotated = sealer.rotate(now_s); !rotated) return Err(rotated.error());
  return sealer;
}

Result<std::vector<Sealer::Key>, std::string> Sealer::read() const {
  std::vector<Key> keys;
  // A file that is there and cannot be looked at must not be taken for none: another would take its place.
  if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return keys;
  const auto read = read_file(path_, kFileBytesMax);
  if (!read) return Err(read.error());
  const Secret text{std::string(*read)};
  const std::string_view all = text.reveal();
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::size_t space = std::min(all.find(' ', at), end);
    const auto made_s = parse_decimal(all.substr(at, space - at));
    auto key = space < end ? from_hex(all.substr(space + 1, end - space - 1)) : std::nullopt;
    if (!made_s || !key || key->size() != kKeyBytes || *made_s > INT64_MAX)
      return Err(path_ + " is no file of session keys: take it away, and browsers log in anew");
    keys.push_back({static_cast<std::int64_t>(*made_s), Secret(std::move(*key))});
    at = end + 1;
  }
  std::ranges::sort(keys, {}, &Key::made_s);
  return keys;
}

Result<Unit, std::string> Sealer::write(const std::vector<Key>& keys) const {
  std::string text;
  for (const Key& key : keys) text += std::to_string(key.made_s) + " " + to_hex(key.bytes.reveal()) + "\n";
  auto written = write_file_whole(path_, text);
  wipe(text);
  return written;
}

// Read anew: another process may have changed them. What is not on disk seals nothing: nobody could open it
// after a restart.
Result<Unit, std::string> Sealer::rotate(std::int64_t now_s) {
  auto keys = read();
  if (!keys) return Err(keys.error());
  bool changed = std::erase_if(*keys, [now_s](const Key& key) {
                   return key.made_s < now_s - kSealingKeyAgeMaxS - kSealedAgeMaxS;
                 }) > 0;
  if (keys->empty() || keys->back().made_s < now_s - kSealingKeyAgeMaxS) {
    std::string bytes(kKeyBytes, '\0');
    random_->fill(bytes.data(), bytes.size());
    keys->push_back({now_s, Secret(std::move(bytes))});
    changed = true;
  }
  if (changed) {
    if (auto written = write(*keys); !written) return written;
  }
  keys_ = std::move(*keys);
  return Unit{};
}

std::string Sealer::seal(std::string_view plain, std::string_view about) const {
  if (canary("sealed-about-nothing")) about = {};
  if (keys_.empty()) return {};
  const Key& key = keys_.back();
  std::string out = name_of(key.made_s);
  std::array<char, kNonceBytes> nonce;
  random_->fill(nonce.data(), nonce.size());
  out.append(nonce.data(), nonce.size());
  const std::size_t at = out.size();
  out.resize(at + plain.size() + kTagBytes);
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool sealed =
      context &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.bytes.reveal()),
                         bytes_of(std::string_view(nonce.data(), nonce.size()))) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(about), static_cast<int>(about.size())) ==
          1 &&
      EVP_EncryptUpdate(context.get(), bytes_of(out, at), &size, bytes_of(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes_of(out, at + static_cast<std::size_t>(size)), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, bytes_of(out, at + plain.size())) ==
          1;
  if (!sealed) out.clear();
  return out;
}

std::optional<Secret> Sealer::open(std::string_view sealed, std::string_view about) const {
  if (canary("sealed-about-nothing")) about = {};
  if (sealed.size() < kNameBytes + kNonceBytes + kTagBytes) return std::nullopt;
  const auto key = std::ranges::find_if(
      keys_, [&](const Key& one) { return name_of(one.made_s) == sealed.substr(0, kNameBytes); });
  if (key == keys_.end()) return std::nullopt;
  const std::string_view nonce = sealed.substr(kNameBytes, kNonceBytes);
  const std::string_view text =
      sealed.substr(kNameBytes + kNonceBytes, sealed.size() - kNameBytes - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(text.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool opened =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key->bytes.reveal()),
                         bytes_of(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(about), static_cast<int>(about.size())) ==
          1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, bytes_of(text),
                        static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, bytes_of(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(plain, static_cast<std::size_t>(size)), &size) == 1;
  if (!opened) {
    wipe(plain);
    return std::nullopt;
  }
  return Secret(std::move(plain));
}

}  // namespace caponier::store
