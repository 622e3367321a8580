#include "store/session_store.h"

#include <utility>

namespace caponier::store {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE sessions (
  name BLOB PRIMARY KEY,
  sealed BLOB NOT NULL,
  ends_s INTEGER NOT NULL,
  seen_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)";
constexpr DatabaseKind kKind{"a session database of Caponier", 0x4361'7053, 1, kSchema};

Result<Unit, std::string> put_row(const Database& database, const SessionRow& row) {
  auto statement = database.prepare(
      "INSERT INTO sessions (name, sealed, ends_s, seen_s) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, ends_s = excluded.ends_s, "
      "seen_s = excluded.seen_s");
  if (!statement) return Err(statement.error());
  statement->blob(row.name).blob(row.sealed).number(row.ends_s).number(row.seen_s);
  return statement->run();
}

Result<bool, std::string> renew_row(const Database& database, const SessionRow& row) {
  auto statement = database.prepare("UPDATE sessions SET sealed = ?, seen_s = ? WHERE name = ?");
  if (!statement) return Err(statement.error());
  if (auto done = statement->blob(row.sealed).number(row.seen_s).blob(row.name).run(); !done)
    return Err(done.error());
  return database.changed_rows() > 0;
}

Result<Unit, std::string> remove_rows(const Database& database, const std::vector<std::string>& names) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return Err(transaction.error());
  for (const std::string& name : names) {
    auto statement = database.prepare("DELETE FROM sessions WHERE name = ?");
    if (!statement) return Err(statement.error());
    if (auto done = statement->blob(name).run(); !done) return done;
  }
  return transaction->commit();
}

Result<Unit, std::string> note_rows(const Database& database, const SessionStore::Seen& seen) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return Err(transaction.error());
  for (const auto& [name, seen_s] : seen) {
    auto statement = database.prepare("UPDATE sessions SET seen_s = ? WHERE name = ?");
    if (!statement) return Err(statement.error());
    if (auto done = statement->number(seen_s).blob(name).run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace

Result<std::unique_ptr<SessionStore>, std::string> SessionStore::open(const std::string& path) {
  auto database = Database::open(path, kKind);
  if (!database) return Err(database.error());
  std::unique_ptr<SessionStore> store(new SessionStore(std::move(*database)));
  store->thread_ = std::thread([own = store.get()] { own->live(); });
  return store;
}

SessionStore::~SessionStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<std::vector<SessionRow>, std::string> SessionStore::load(std::int64_t now_s) const {
  auto prune = database_->prepare("DELETE FROM sessions WHERE ends_s <= ?");
  if (!prune) return Err(prune.error());
  if (auto done = prune->number(now_s).run(); !done) return Err(done.error());
  auto select = database_->prepare("SELECT name, sealed, ends_s, seen_s FROM sessions");
  if (!select) return Err(select.error());
  std::vector<SessionRow> rows;
  for (;;) {
    auto row = select->step();
    if (!row) return Err(row.error());
    if (!*row) return rows;
    rows.push_back({std::string(select->blob_at(0)), std::string(select->blob_at(1)), select->number_at(2),
                    select->number_at(3)});
  }
}

void SessionStore::put(SessionRow row, Done done) {
  ask([row = std::move(row), done = std::move(done)](const Database& database) {
    done(put_row(database, row));
  });
}

void SessionStore::renew(SessionRow row, std::function<void(Result<bool, std::string>)> done) {
  ask([row = std::move(row), done = std::move(done)](const Database& database) {
    done(renew_row(database, row));
  });
}

void SessionStore::remove(std::vector<std::string> names, Done done) {
  ask([names = std::move(names), done = std::move(done)](const Database& database) {
    done(remove_rows(database, names));
  });
}

void SessionStore::note_seen(Seen seen, Done done) {
  ask([seen = std::move(seen), done = std::move(done)](const Database& database) {
    done(note_rows(database, seen));
  });
}

void SessionStore::ask(Job job) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void SessionStore::live() {
  for (;;) {
    std::vector<Job> asked;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !asked_.empty(); });
      asked = std::exchange(asked_, {});
      last = stopping_;
    }
    for (const Job& job : asked) job(*database_);
    if (last) return;
  }
}

}  // namespace caponier::store
