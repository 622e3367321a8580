// The one thread of a gateway that keeps the identity database: it watches for what others change in it,
// makes of it the facts that requests are judged by, makes the changes that the admin surface asks for, and
// writes down when keys were used. Requests never wait for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "plan/identity_facts.h"
#include "store/hash_key.h"
#include "store/identity_database.h"
#include "store/keys.h"

namespace caponier::store {

class IdentityStore {
 public:
  static constexpr std::int64_t kLookMs = 100;          // between two looks at the database
  static constexpr std::int64_t kUsesEveryMs = 60'000;  // between two notes of when keys were used

  struct Events {
    std::function<void(const Change&)> changed;
    // The database cannot be read: what was known stays in force. Told once until it can be again.
    std::function<void(const std::string& sentence)> trouble;
  };

  // What is in the database is in `facts` when it returns. Events come on the store's thread.
  static Result<std::unique_ptr<IdentityStore>, std::string> open(const std::string& path, Hasher hasher,
                                                                  std::shared_ptr<plan::IdentitySource> facts,
                                                                  Clock& clock, Events events);
  ~IdentityStore();  // runs what was asked for, and notes the last uses
  IdentityStore(const IdentityStore&) = delete;
  IdentityStore& operator=(const IdentityStore&) = delete;

  using Job = std::function<void(const Database& database, const plan::KeyHasher& hasher)>;
  // From any thread; run on the store's. What it changed is in force before the next job, and `then` comes
  // after.
  void ask(Job job, std::function<void()> then);

 private:
  struct Asked {
    Job job;
    std::function<void()> then;
  };
  IdentityStore(std::unique_ptr<Database> database, Hasher hasher,
                std::shared_ptr<plan::IdentitySource> facts, Clock& clock, Events events);
  using Step = Result<Unit, std::string>;
  void live();
  void run_asked(const std::vector<Asked>& asked);
  Step load_all();
  Step load_revocations();
  void install();
  void note_ends(const KeyRecord& record);
  Step refresh();
  Step look();
  void note_uses_now();
  void report(const Step& step);
  [[nodiscard]] plan::KnownKeyPtr known(const KeyRecord& record);
  [[nodiscard]] std::shared_ptr<const plan::KeyRights> rights_of(const KeyRecord& record);

  std::unique_ptr<Database> database_;
  Hasher hasher_;
  std::shared_ptr<plan::IdentitySource> facts_;
  Clock& clock_;
  Events events_;
  std::shared_ptr<const plan::KnownKeys> keys_;
  std::shared_ptr<const plan::Revocations> revocations_;
  std::map<std::string, std::weak_ptr<const plan::KeyRights>> rights_;
  std::set<std::int64_t> ends_s_;  // at which keys, or secrets of keys, cease that were changed meanwhile
  std::int64_t seen_ = 0;          // the last change that is in `facts_`
  std::int64_t data_version_ = 0;
  std::int64_t uses_noted_s_ = 0;  // later uses are not in the database
  std::int64_t uses_noted_ms_ = 0;
  bool behind_ = false;  // a refresh failed: what the database says is not all known
  bool in_trouble_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Asked> asked_;  // under mutex_
  bool stopping_ = false;     // under mutex_
  std::thread thread_;
};

}  // namespace caponier::store
