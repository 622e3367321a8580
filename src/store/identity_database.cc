#include "store/identity_database.h"

#include <utility>

namespace caponier::store {
namespace {

// Lists of texts are kept one to a line. Times are Unix seconds; 0: never.
constexpr const char* kSchema = R"(
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  schemes TEXT NOT NULL,
  scopes TEXT NOT NULL,
  operations TEXT NOT NULL,
  addresses TEXT NOT NULL,
  plan TEXT NOT NULL,
  created_s INTEGER NOT NULL,
  expires_s INTEGER NOT NULL,
  revoked_s INTEGER NOT NULL,
  revoked_for TEXT NOT NULL,
  rotated_s INTEGER NOT NULL,
  last_used_s INTEGER NOT NULL,
  digest BLOB NOT NULL,
  previous BLOB NOT NULL,
  previous_until_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE revocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  issuer TEXT NOT NULL,
  value TEXT NOT NULL,
  before_s INTEGER NOT NULL,
  until_s INTEGER NOT NULL,
  made_s INTEGER NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE (kind, issuer, value)
) STRICT;
CREATE TABLE changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at_s INTEGER NOT NULL,
  what TEXT NOT NULL,
  id TEXT NOT NULL,
  detail TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
)";

constexpr DatabaseKind kKind{"an identity database of Caponier", 0x4361'7049, 1, kSchema};

}  // namespace

Result<std::unique_ptr<Database>, std::string> open_identity_database(const std::string& path) {
  return Database::open(path, kKind);
}

Result<Unit, std::string> note_change(const Database& database, const Change& change) {
  auto insert = database.prepare("INSERT INTO changes (at_s, what, id, detail, by) VALUES (?, ?, ?, ?, ?)");
  if (!insert) return Err(insert.error());
  insert->number(change.at_s).text(change.what).text(change.id).text(change.detail).text(change.by);
  if (auto done = insert->run(); !done) return done;
  auto prune = database.prepare("DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?");
  if (!prune) return Err(prune.error());
  prune->number(kChangesKept);
  return prune->run();
}

Result<std::int64_t, std::string> last_change(const Database& database) {
  auto select = database.prepare("SELECT max(number) FROM changes");
  if (!select) return Err(select.error());
  auto row = select->step();
  if (!row) return Err(row.error());
  return *row ? select->number_at(0) : 0;
}

Result<std::vector<Change>, std::string> changes_after(const Database& database, std::int64_t number) {
  auto select = database.prepare(
      "SELECT number, at_s, what, id, detail, by FROM changes WHERE number > ? ORDER BY number");
  if (!select) return Err(select.error());
  select->number(number);
  std::vector<Change> out;
  for (;;) {
    auto row = select->step();
    if (!row) return Err(row.error());
    if (!*row) return out;
    out.push_back({select->number_at(0), select->number_at(1), std::string(select->text_at(2)),
                   std::string(select->text_at(3)), std::string(select->text_at(4)),
                   std::string(select->text_at(5))});
  }
}

}  // namespace caponier::store
