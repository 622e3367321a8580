// SQLite, opened safely: one file for the owner alone, write-ahead log, every commit on disk before it is
// reported. Errors are sentences that name the file. Never on the path of a request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace caponier::store {

// What a database is, and how an empty one begins.
struct DatabaseKind {
  std::string_view what;  // "an identity database of Caponier"
  std::uint32_t application_id = 0;
  std::uint32_t version = 1;
  const char* schema = nullptr;
};

// One statement while it runs; it does not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters in their order.
  Statement& text(std::string_view value);
  Statement& blob(std::string_view value);
  Statement& number(std::int64_t value);
  // True: there is a row; false: there are no more.
  Result<bool, std::string> step();
  Result<Unit, std::string> run();  // of one that has no rows
  void reset();

  // Of the row; a view lives until the next step.
  [[nodiscard]] std::string_view text_at(int column) const;
  [[nodiscard]] std::string_view blob_at(int column) const;
  [[nodiscard]] std::int64_t number_at(int column) const;

 private:
  friend class Database;
  Statement(const std::string* path, sqlite3* database, sqlite3_stmt* statement)
      : path_(path), database_(database), statement_(statement) {}
  const std::string* path_;
  sqlite3* database_;
  sqlite3_stmt* statement_;
  int parameters_ = 0;
  bool failed_ = false;
};

class Database {
 public:
  // Made (0600) if it is not there. A file that is no such database, or is of a newer version, is refused.
  static Result<std::unique_ptr<Database>, std::string> open(const std::string& path,
                                                             const DatabaseKind& kind);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement, std::string> prepare(std::string_view sql) const;
  Result<Unit, std::string> execute(const char* sql) const;
  // Another number than before: another connection has changed something.
  Result<std::int64_t, std::string> data_version();
  [[nodiscard]] const std::string& path() const { return path_; }
  // An error if the file at the path is not the one that was opened: somebody moved another one there.
  [[nodiscard]] Result<Unit, std::string> in_place() const;
  [[nodiscard]] int changed_rows() const;

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] std::string because() const;
  Result<Unit, std::string> prepare_file() const;
  Result<Unit, std::string> set_up(const DatabaseKind& kind) const;
  Result<Unit, std::string> judge(const DatabaseKind& kind) const;

  std::string path_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  sqlite3* database_ = nullptr;
  std::unique_ptr<Statement> version_;
};

// All of it or nothing; what is not committed is undone.
class Transaction {
 public:
  static Result<Transaction, std::string> begin(const Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // On disk when it returns.
  Result<Unit, std::string> commit();

 private:
  explicit Transaction(const Database* database) : database_(database) {}
  const Database* database_;
};

}  // namespace caponier::store
