#include "store/keys.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "plan/key_format.h"
#include "store/identity_database.h"

namespace caponier::store {
namespace {

using Kind = KeyFault::Kind;

constexpr std::string_view kColumns =
    "id, name, subject, schemes, scopes, operations, addresses, plan, created_s, expires_s, revoked_s, "
    "revoked_for, rotated_s, last_used_s, digest, previous, previous_until_s";

Err<KeyFault> store_fault(std::string sentence) {
  return Err(KeyFault{Kind::kStore, std::move(sentence)});
}
Err<KeyFault> refused(std::string sentence) {
  return Err(KeyFault{Kind::kRefused, std::move(sentence)});
}
// An id that was never one is not repeated: somebody may have pasted a key.
Err<KeyFault> not_found(std::string_view id) {
  return Err(KeyFault{Kind::kNotFound, plan::key_number(id)
                                           ? "there is no key " + std::string(id)
                                           : "this is no id of a key: cap_ and 8 characters"});
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& text : list) {
    if (!out.empty()) out += '\n';
    out += text;
  }
  return out;
}

std::vector<std::string> parted(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string_view view(const plan::KeyDigest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

plan::KeyDigest digest_from(std::string_view bytes) {
  plan::KeyDigest digest{};
  if (bytes.size() == digest.size()) std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

KeyRecord record_at(const Statement& row) {
  KeyRecord record;
  record.id = row.text_at(0);
  record.name = row.text_at(1);
  record.subject = row.text_at(2);
  record.schemes = parted(row.text_at(3));
  record.scopes = parted(row.text_at(4));
  record.operations = parted(row.text_at(5));
  record.addresses = parted(row.text_at(6));
  record.plan = row.text_at(7);
  record.created_s = row.number_at(8);
  record.expires_s = row.number_at(9);
  record.revoked_s = row.number_at(10);
  record.revoked_for = row.text_at(11);
  record.rotated_s = row.number_at(12);
  record.last_used_s = row.number_at(13);
  record.digest = digest_from(row.blob_at(14));
  record.previous = digest_from(row.blob_at(15));
  record.previous_until_s = row.number_at(16);
  return record;
}

Secret new_secret(std::string_view id, RandomSource& random) {
  std::string bytes(32, '\0');
  random.fill(bytes.data(), bytes.size());
  Secret key = plan::make_key(id, bytes);
  wipe(bytes);
  return key;
}

Result<Unit, std::string> insert_key(const Database& database, std::string_view id, const KeyRequest& request,
                                     const plan::KeyDigest& digest, std::int64_t now_s) {
  auto insert = database.prepare("INSERT INTO keys (" + std::string(kColumns) +
                                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, 0, ?, x'', 0)");
  if (!insert) return Err(insert.error());
  insert->text(id).text(request.name).text(request.subject).text(joined(request.schemes));
  insert->text(joined(request.scopes)).text(joined(request.operations)).text(joined(request.addresses));
  insert->text(request.plan).number(now_s).number(request.expires_s).blob(view(digest));
  return insert->run();
}

// One that nobody has.
Result<std::string, std::string> free_id(const Database& database, RandomSource& random) {
  auto select = database.prepare("SELECT 1 FROM keys WHERE id = ?");
  if (!select) return Err(select.error());
  for (;;) {
    std::string id = plan::make_key_id(random);
    select->text(id);
    auto row = select->step();
    if (!row) return Err(row.error());
    if (!*row) return id;
    select->reset();
  }
}

// A change of one key by one statement, and its trace.
template <class Function>
Result<Unit, KeyFault> change_key(const Database& database, std::string_view id, Change change,
                                  Function&& bind) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return store_fault(transaction.error());
  auto done = bind();
  if (!done) return store_fault(done.error());
  change.id = id;
  if (auto noted = note_change(database, change); !noted) return store_fault(noted.error());
  if (auto committed = transaction->commit(); !committed) return store_fault(committed.error());
  return Unit{};
}

}  // namespace

std::string_view KeyRecord::state(std::int64_t now_s) const {
  if (revoked_s != 0) return "revoked";
  return expires_s != 0 && now_s >= expires_s ? "expired" : "active";
}

Result<NewKey, KeyFault> create_key(const Database& database, const plan::KeyHasher& hasher,
                                    const KeyRequest& request, const Asking& asking, RandomSource& random) {
  if (auto judged = judge_request(request, asking.now_s); !judged) return refused(judged.error());
  auto transaction = Transaction::begin(database);
  if (!transaction) return store_fault(transaction.error());
  auto id = free_id(database, random);
  if (!id) return store_fault(id.error());
  NewKey made{*id, new_secret(*id, random)};
  const plan::KeyDigest digest = hasher.of_key(made.key.reveal());
  auto inserted = insert_key(database, *id, request, digest, asking.now_s);
  if (!inserted) return store_fault(inserted.error());
  auto noted = note_change(database, {0, asking.now_s, "key-created", *id, {}, asking.by});
  if (!noted) return store_fault(noted.error());
  if (auto committed = transaction->commit(); !committed) return store_fault(committed.error());
  return made;
}

Result<KeyRecord, KeyFault> find_key(const Database& database, std::string_view id) {
  auto select = database.prepare("SELECT " + std::string(kColumns) + " FROM keys WHERE id = ?");
  if (!select) return store_fault(select.error());
  auto row = select->text(id).step();
  if (!row) return store_fault(row.error());
  if (!*row) return not_found(id);
  return record_at(*select);
}

Result<NewKey, KeyFault> rotate_key(const Database& database, const plan::KeyHasher& hasher,
                                    std::string_view id, std::int64_t overlap_s, const Asking& asking,
                                    RandomSource& random) {
  if (overlap_s < 0 || overlap_s > kOverlapMaxS) return refused("the overlap must be 0s to 90d");
  auto transaction = Transaction::begin(database);
  if (!transaction) return store_fault(transaction.error());
  auto record = find_key(database, id);
  if (!record) return Err(record.error());
  if (record->state(asking.now_s) != "active") {
    return refused("the key is " + std::string(record->state(asking.now_s)) + ": make another one");
  }
  NewKey made{record->id, new_secret(record->id, random)};
  const plan::KeyDigest digest = hasher.of_key(made.key.reveal());
  auto update = database.prepare(
      "UPDATE keys SET previous = digest, digest = ?, previous_until_s = ?, rotated_s = ? WHERE id = ?");
  if (!update) return store_fault(update.error());
  const std::int64_t until_s = asking.now_s + overlap_s;
  auto done = update->blob(view(digest)).number(until_s).number(asking.now_s).text(id).run();
  if (!done) return store_fault(done.error());
  const std::string detail = "the secret before is accepted for " + std::to_string(overlap_s) + "s more";
  auto noted = note_change(database, {0, asking.now_s, "key-rotated", record->id, detail, asking.by});
  if (!noted) return store_fault(noted.error());
  if (auto committed = transaction->commit(); !committed) return store_fault(committed.error());
  return made;
}

Result<Unit, KeyFault> revoke_key(const Database& database, std::string_view id, std::string_view reason,
                                  const Asking& asking) {
  if (!is_plain_text(reason, kKeyTextBytesMax))
    return refused("the reason must be at most 256 bytes of printable text");
  auto record = find_key(database, id);
  if (!record) return Err(record.error());
  if (record->revoked_s != 0) return Unit{};
  return change_key(database, id, {0, asking.now_s, "key-revoked", {}, std::string(reason), asking.by},
                    [&]() -> Result<Unit, std::string> {
                      auto update = database.prepare(
                          "UPDATE keys SET revoked_s = ?, revoked_for = ? WHERE id = ? AND revoked_s = 0");
                      if (!update) return Err(update.error());
                      return update->number(asking.now_s).text(reason).text(id).run();
                    });
}

Result<Unit, KeyFault> expire_key(const Database& database, std::string_view id, std::int64_t at_s,
                                  const Asking& asking) {
  if (at_s < 0 || (at_s != 0 && at_s < asking.now_s)) return refused("the time of expiry lies in the past");
  auto record = find_key(database, id);
  if (!record) return Err(record.error());
  if (record->revoked_s != 0) return refused("the key is revoked");
  const std::string detail = at_s == 0 ? "never" : "in " + std::to_string(at_s - asking.now_s) + "s";
  return change_key(database, id, {0, asking.now_s, "key-expires", {}, detail, asking.by},
                    [&]() -> Result<Unit, std::string> {
                      auto update = database.prepare("UPDATE keys SET expires_s = ? WHERE id = ?");
                      if (!update) return Err(update.error());
                      return update->number(at_s).text(id).run();
                    });
}

Result<Unit, std::string> list_keys(const Database& database, std::string_view after, std::int64_t count_max,
                                    const std::function<bool(const KeyRecord&)>& each) {
  auto select =
      database.prepare("SELECT " + std::string(kColumns) + " FROM keys WHERE id > ? ORDER BY id LIMIT ?");
  if (!select) return Err(select.error());
  select->text(after).number(count_max);
  for (;;) {
    auto row = select->step();
    if (!row) return Err(row.error());
    if (!*row || !each(record_at(*select))) return Unit{};
  }
}

Result<Unit, std::string> note_uses(const Database& database, const std::vector<KeyUse>& uses) {
  if (uses.empty()) return Unit{};
  auto transaction = Transaction::begin(database);
  if (!transaction) return Err(transaction.error());
  auto update = database.prepare("UPDATE keys SET last_used_s = ? WHERE id = ? AND last_used_s < ?");
  if (!update) return Err(update.error());
  for (const KeyUse& use : uses) {
    auto done = update->number(use.at_s).text(use.id).number(use.at_s).run();
    if (!done) return done;
    update->reset();
  }
  return transaction->commit();
}

}  // namespace caponier::store
