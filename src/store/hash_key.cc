#include "store/hash_key.h"

#include "store/secret_source.h"

namespace caponier::store {
namespace {

// Nobody comes from this to the key, and two keys do not have the same.
std::string mark_of(const plan::KeyHasher& hasher) {
  const plan::KeyDigest digest = hasher("caponier: mark of the key that API keys are hashed under");
  return {digest.begin(), digest.begin() + 16};
}

Result<Unit, std::string> judge_mark(const Database& database, const plan::KeyHasher& hasher,
                                     const std::string& place) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return Err(transaction.error());
  auto insert = database.prepare(
      "INSERT INTO facts (name, value) VALUES ('hash-key-mark', ?) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE NOT EXISTS (SELECT 1 FROM keys)");
  if (!insert) return Err(insert.error());
  const std::string mark = mark_of(hasher);
  if (auto done = insert->blob(mark).run(); !done) return done;
  auto select = database.prepare("SELECT value FROM facts WHERE name = 'hash-key-mark'");
  if (!select) return Err(select.error());
  auto row = select->step();
  if (!row) return Err(row.error());
  const bool same = *row && select->blob_at(0) == mark;
  select->reset();
  if (!same) {
    return Err("the API keys in " + database.path() + " are hashed under another key than the one at " +
               place +
               ": name that one under `api_keys: {hash_key: ...}`, and give the same --config everywhere");
  }
  return transaction->commit();
}

// The mark that is there already costs no write.
Result<bool, std::string> has_mark(const Database& database, const plan::KeyHasher& hasher) {
  auto select = database.prepare("SELECT value FROM facts WHERE name = 'hash-key-mark'");
  if (!select) return Err(select.error());
  auto row = select->step();
  if (!row) return Err(row.error());
  return *row && select->blob_at(0) == mark_of(hasher);
}

}  // namespace

Result<Hasher, std::string> load_hasher(const StateDir& state, const SecretReference& reference,
                                        const Database& database, RandomSource& random) {
  SecretReference place = reference;
  if (place.kind == SecretReference::Kind::kNone) {
    place = {SecretReference::Kind::kFile, state.file(kHashKeyFile)};
  }
  const bool own = reference.kind == SecretReference::Kind::kNone;
  auto secret = own ? own_secret(place.name, random) : read_secret(place);
  if (!secret) return Err(secret.error());
  if (secret->reveal().size() < plan::KeyHasher::kSecretBytesMin) {
    return Err("the key at " + place.text() + " is shorter than 32 bytes; make one: openssl rand -hex 32");
  }
  auto hasher = std::make_shared<const plan::KeyHasher>(secret->reveal());
  auto known = has_mark(database, *hasher);
  if (!known) return Err(known.error());
  if (!*known) {
    if (auto judged = judge_mark(database, *hasher, place.text()); !judged) return Err(judged.error());
  }
  return Hasher(std::move(hasher));
}

}  // namespace caponier::store
