#include "store/revocations.h"

#include <algorithm>
#include <utility>

#include "json/write.h"
#include "store/identity_database.h"
#include "store/key_json.h"

namespace caponier::store {
namespace {

using Kind = KeyFault::Kind;

constexpr std::string_view kSelect =
    "SELECT id, kind, issuer, value, before_s, until_s, made_s, reason FROM revocations ";

Err<KeyFault> store_fault(std::string sentence) {
  return Err(KeyFault{Kind::kStore, std::move(sentence)});
}
Err<KeyFault> refused(std::string sentence) {
  return Err(KeyFault{Kind::kRefused, std::move(sentence)});
}

// A kind that this program does not know cannot be: the schema's version would be another.
RevocationRecord record_at(const Statement& row) {
  RevocationRecord record;
  record.id = row.number_at(0);
  record.kind = plan::revocation_kind(row.text_at(1)).value_or(plan::RevocationKind::kTokenId);
  record.issuer = row.text_at(2);
  record.value = row.text_at(3);
  record.before_s = row.number_at(4);
  record.until_s = row.number_at(5);
  record.made_s = row.number_at(6);
  record.reason = row.text_at(7);
  return record;
}

Result<Unit, std::string> judge(const plan::Revocation& revocation, std::string_view reason,
                                std::int64_t now_s) {
  using plan::RevocationKind;
  const auto refuse = [](const char* sentence) { return Err(std::string(sentence)); };
  if (revocation.value.empty() || !is_plain_text(revocation.value, kRevocationTextBytesMax))
    return refuse("what is revoked must be 1 to 1024 bytes of printable text");
  if (!is_plain_text(revocation.issuer, kRevocationTextBytesMax))
    return refuse("the issuer must be at most 1024 bytes of printable text");
  if (!is_plain_text(reason, kKeyTextBytesMax))
    return refuse("the reason must be at most 256 bytes of printable text");
  const bool of_one_issuer =
      revocation.kind == RevocationKind::kTokenId || revocation.kind == RevocationKind::kIssuerKey;
  if (of_one_issuer && revocation.issuer.empty())
    return refuse("a jti or a key says little without its issuer: name it");
  if (revocation.kind == RevocationKind::kToken && !revocation.issuer.empty())
    return refuse("the token itself says whose it is: leave the issuer out");
  if (revocation.until_s < 0 || (revocation.until_s != 0 && revocation.until_s <= now_s))
    return refuse("the revocation would have ended already");
  if (revocation.until_s > now_s + kRevocationForMaxS)
    return refuse("a revocation lasts for ten years at most");
  return Unit{};
}

Result<Unit, std::string> insert(const Database& database, const plan::Revocation& revocation,
                                 std::string_view reason, std::int64_t now_s) {
  auto statement = database.prepare(
      "INSERT INTO revocations (kind, issuer, value, before_s, until_s, made_s, reason) VALUES (?, ?, ?, ?, "
      "?, ?, ?) "
      "ON CONFLICT (kind, issuer, value) DO UPDATE SET before_s = max(before_s, excluded.before_s), "
      "until_s = CASE WHEN until_s = 0 OR excluded.until_s = 0 THEN 0 ELSE max(until_s, excluded.until_s) "
      "END, "
      "made_s = excluded.made_s, reason = excluded.reason");
  if (!statement) return Err(statement.error());
  statement->text(plan::name(revocation.kind)).text(revocation.issuer).text(revocation.value);
  statement->number(revocation.before_s).number(revocation.until_s).number(now_s).text(reason);
  return statement->run();
}

Result<RevocationRecord, KeyFault> find(const Database& database, const plan::Revocation& revocation) {
  auto select = database.prepare(std::string(kSelect) + "WHERE kind = ? AND issuer = ? AND value = ?");
  if (!select) return store_fault(select.error());
  auto row = select->text(plan::name(revocation.kind)).text(revocation.issuer).text(revocation.value).step();
  if (!row) return store_fault(row.error());
  return record_at(*select);
}

Result<Unit, std::string> forget_ended(const Database& database, std::int64_t now_s) {
  auto statement = database.prepare("DELETE FROM revocations WHERE until_s <> 0 AND until_s <= ?");
  if (!statement) return Err(statement.error());
  return statement->number(now_s - kEndedKeptS).run();
}

}  // namespace

Result<RevocationRecord, KeyFault> revoke(const Database& database, const plan::Revocation& revocation,
                                          std::string_view reason, const Asking& asking) {
  if (auto judged = judge(revocation, reason, asking.now_s); !judged) return refused(judged.error());
  auto transaction = Transaction::begin(database);
  if (!transaction) return store_fault(transaction.error());
  if (auto done = forget_ended(database, asking.now_s); !done) return store_fault(done.error());
  if (auto done = insert(database, revocation, reason, asking.now_s); !done) return store_fault(done.error());
  auto made = find(database, revocation);
  if (!made) return made;
  // The log tells that it was done, and the list to whom: a subject may be somebody's name.
  auto noted = note_change(database, {0, asking.now_s, "revoked", std::to_string(made->id),
                                      std::string(plan::name(revocation.kind)), asking.by});
  if (!noted) return store_fault(noted.error());
  if (auto committed = transaction->commit(); !committed) return store_fault(committed.error());
  return made;
}

Result<Unit, KeyFault> remove_revocation(const Database& database, std::int64_t id, const Asking& asking) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return store_fault(transaction.error());
  auto statement = database.prepare("DELETE FROM revocations WHERE id = ?");
  if (!statement) return store_fault(statement.error());
  if (auto done = statement->number(id).run(); !done) return store_fault(done.error());
  if (database.changed_rows() == 0)
    return Err(KeyFault{Kind::kNotFound, "there is no revocation " + std::to_string(id)});
  auto noted =
      note_change(database, {0, asking.now_s, "revocation-removed", std::to_string(id), {}, asking.by});
  if (!noted) return store_fault(noted.error());
  if (auto committed = transaction->commit(); !committed) return store_fault(committed.error());
  return Unit{};
}

Result<std::vector<RevocationRecord>, std::string> list_revocations(const Database& database,
                                                                    std::int64_t now_s) {
  auto select = database.prepare(std::string(kSelect) + "WHERE until_s = 0 OR until_s > ? ORDER BY id");
  if (!select) return Err(select.error());
  select->number(now_s);
  std::vector<RevocationRecord> out;
  for (;;) {
    auto row = select->step();
    if (!row) return Err(row.error());
    if (!*row) return out;
    out.push_back(record_at(*select));
  }
}

void append_revocation_json(std::string& out, const RevocationRecord& revocation) {
  const auto text = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += ',';
    json::append_string(out, name);
    out += ':';
    json::append_string(out, value);
  };
  const auto time = [&text](std::string_view name, std::int64_t wall_s) {
    if (wall_s != 0) text(name, time_text(wall_s));
  };
  out += "{\"id\":" + std::to_string(revocation.id);
  text("kind", plan::name(revocation.kind));
  text("issuer", revocation.issuer);
  text("value", revocation.value);
  time("issued_until", revocation.before_s);
  time("until", revocation.until_s);
  time("made_at", revocation.made_s);
  text("reason", revocation.reason);
  out += '}';
}

}  // namespace caponier::store
