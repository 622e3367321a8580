#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/state_dir.h"

namespace caponier::store {
namespace {

constexpr int kBusyMs = 10'000;

std::string sentence(const std::string& path, int code, const char* message) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return path + " is no SQLite database; move it away, or put back a copy";
    case SQLITE_CORRUPT:
      return path + " is damaged; put back a copy of it";
    case SQLITE_BUSY:
      return path + " is kept busy by another process";
    case SQLITE_FULL:
      return path + " cannot be written: the disk is full";
    default:
      return path + ": " + message;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : path_(other.path_),
      database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      parameters_(other.parameters_),
      failed_(other.failed_) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::text(std::string_view value) {
  const char* const data = value.data() == nullptr ? "" : value.data();
  failed_ |= sqlite3_bind_text64(statement_, ++parameters_, data, value.size(), SQLITE_TRANSIENT,
                                 SQLITE_UTF8) != SQLITE_OK;
  return *this;
}

Statement& Statement::blob(std::string_view value) {
  const char* const data = value.data() == nullptr ? "" : value.data();
  failed_ |=
      sqlite3_bind_blob64(statement_, ++parameters_, data, value.size(), SQLITE_TRANSIENT) != SQLITE_OK;
  return *this;
}

Statement& Statement::number(std::int64_t value) {
  failed_ |= sqlite3_bind_int64(statement_, ++parameters_, value) != SQLITE_OK;
  return *this;
}

Result<bool, std::string> Statement::step() {
  const int code = failed_ ? SQLITE_MISUSE : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Err(sentence(*path_, code, sqlite3_errmsg(database_)));
}

Result<Unit, std::string> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return Err(row.error());
    if (!*row) return Unit{};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  parameters_ = 0;
  failed_ = false;
}

std::string_view Statement::text_at(int column) const {
  const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob_at(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::number_at(int column) const {
  return sqlite3_column_int64(statement_, column);
}

// Before SQLite makes it, which would let others read it. One that is there is not opened: closing it would
// give back every lock that this process holds on it (POSIX).
Result<Unit, std::string> Database::prepare_file() const {
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0) {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
      close(fd);
      sync_directory_of(path_);
      return Unit{};
    }
    if (errno != EEXIST || lstat(path_.c_str(), &status) != 0) {
      return Err("cannot make " + path_ + ": " + std::strerror(errno));
    }
  }
  if (!S_ISREG(status.st_mode)) return Err(path_ + " is not a regular file");
  if (status.st_uid != geteuid()) return Err(path_ + " belongs to another user");
  if ((status.st_mode & 077U) != 0) {
    return Err(path_ + " can be read by others; run: chmod 600 " + path_);
  }
  return Unit{};
}

std::string Database::because() const {
  return sentence(path_, sqlite3_extended_errcode(database_), sqlite3_errmsg(database_));
}

Result<std::unique_ptr<Database>, std::string> Database::open(const std::string& path,
                                                              const DatabaseKind& kind) {
  std::unique_ptr<Database> made(new Database(path));
  if (auto file = made->prepare_file(); !file) return Err(file.error());
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  if (sqlite3_open_v2(path.c_str(), &made->database_, kFlags, nullptr) != SQLITE_OK) {
    return Err(made->database_ != nullptr ? made->because() : path + " cannot be opened");
  }
  sqlite3_busy_timeout(made->database_, kBusyMs);
  sqlite3_db_config(made->database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(made->database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto judged = made->judge(kind); !judged) return Err(judged.error());
  for (const char* const pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                                   "PRAGMA cell_size_check=ON", "PRAGMA secure_delete=FAST"}) {
    if (auto done = made->execute(pragma); !done) return Err(done.error());
  }
  if (auto done = made->set_up(kind); !done) return Err(done.error());
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return Err(path + " went away while it was opened");
  made->device_ = status.st_dev;
  made->inode_ = status.st_ino;
  return made;
}

Result<Unit, std::string> Database::in_place() const {
  struct stat status {};
  const bool same = stat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (same) return Unit{};
  return Err(path_ +
             " is another file than the one that was opened: what changes in it is not seen; restart");
}

Database::~Database() {
  version_.reset();
  sqlite3_close_v2(database_);
}

namespace {

Result<std::int64_t, std::string> ask_number(const Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return Err(statement.error());
  auto row = statement->step();
  if (!row) return Err(row.error());
  return *row ? statement->number_at(0) : 0;
}

}  // namespace

// Nothing is changed in a file that is somebody else's.
Result<Unit, std::string> Database::judge(const DatabaseKind& kind) const {
  auto tables = ask_number(*this, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return Err(tables.error());
  if (*tables == 0) return Unit{};
  auto application = ask_number(*this, "PRAGMA application_id");
  auto version = ask_number(*this, "PRAGMA user_version");
  if (!application) return Err(application.error());
  if (!version) return Err(version.error());
  if (*application != kind.application_id) return Err(path_ + " is not " + std::string(kind.what));
  if (*version != kind.version) {
    return Err(path_ + " is of version " + std::to_string(*version) + ", and this program knows version " +
               std::to_string(kind.version) + ": it was written by another release");
  }
  return Unit{};
}

Result<Unit, std::string> Database::set_up(const DatabaseKind& kind) const {
  auto tables = ask_number(*this, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return Err(tables.error());
  if (*tables > 0) return judge(kind);
  auto transaction = Transaction::begin(*this);
  if (!transaction) return Err(transaction.error());
  // Another process may have been faster.
  tables = ask_number(*this, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return Err(tables.error());
  if (*tables > 0) return judge(kind);
  const std::string marks = "PRAGMA application_id=" + std::to_string(kind.application_id) +
                            "; PRAGMA user_version=" + std::to_string(kind.version);
  if (auto done = execute(kind.schema); !done) return done;
  if (auto done = execute(marks.c_str()); !done) return done;
  return transaction->commit();
}

Result<Statement, std::string> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int size = static_cast<int>(sql.size());
  if (sqlite3_prepare_v2(database_, sql.data(), size, &statement, nullptr) != SQLITE_OK)
    return Err(because());
  return Statement(&path_, database_, statement);
}

Result<Unit, std::string> Database::execute(const char* sql) const {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Err(because());
  return Unit{};
}

Result<std::int64_t, std::string> Database::data_version() {
  if (!version_) {
    auto statement = prepare("PRAGMA data_version");
    if (!statement) return Err(statement.error());
    version_ = std::make_unique<Statement>(std::move(*statement));
  }
  auto row = version_->step();
  if (!row) return Err(row.error());
  const std::int64_t version = version_->number_at(0);
  version_->reset();
  return version;
}

int Database::changed_rows() const {
  return sqlite3_changes(database_);
}

Result<Transaction, std::string> Transaction::begin(const Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return Err(begun.error());
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<Unit, std::string> Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace caponier::store
