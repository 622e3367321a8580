// The sessions of browsers on disk, so that a restart logs nobody out: what a session holds is sealed, and
// what names it in a browser is not there. One thread; requests never wait for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace caponier::store {

inline constexpr std::string_view kSessionDatabase = "sessions.db";

struct SessionRow {
  std::string name;    // 32 bytes: a digest of what the browser has
  std::string sealed;  // by Sealer, about `name`
  std::int64_t ends_s = 0;
  std::int64_t seen_s = 0;
};

class SessionStore {
 public:
  using Done = std::function<void(Result<Unit, std::string>)>;  // on the store's thread
  using Seen = std::vector<std::pair<std::string, std::int64_t>>;

  static Result<std::unique_ptr<SessionStore>, std::string> open(const std::string& path);
  ~SessionStore();  // does what was asked for
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;

  // All that are not over; those that are go. Before anything else is asked for.
  [[nodiscard]] Result<std::vector<SessionRow>, std::string> load(std::int64_t now_s) const;

  // From any thread. On disk when `done` is told so.
  void put(SessionRow row, Done done);
  // Of one that is there; told whether it was.
  void renew(SessionRow row, std::function<void(Result<bool, std::string>)> done);
  void remove(std::vector<std::string> names, Done done);  // all of them, or none
  void note_seen(Seen seen, Done done);

 private:
  using Job = std::function<void(const Database&)>;
  explicit SessionStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  void ask(Job job);
  void live();

  std::unique_ptr<Database> database_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> asked_;  // under mutex_
  bool stopping_ = false;   // under mutex_
  std::thread thread_;
};

}  // namespace caponier::store
