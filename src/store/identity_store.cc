#include "store/identity_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/address.h"
#include "base/texts.h"
#include "store/revocations.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kAllKeys = INT64_MAX;
constexpr std::size_t kRightsSwept = 4096;  // that many kinds of rights, and those that nobody has are let go

std::string name_of_rights(const KeyRecord& record) {
  std::string name;
  for (const auto* list : {&record.schemes, &record.scopes, &record.operations, &record.addresses}) {
    for (const std::string& text : *list) name.append(text) += '\n';
    name += '\f';
  }
  return name += record.plan;
}

}  // namespace

IdentityStore::IdentityStore(std::unique_ptr<Database> database, Hasher hasher,
                             std::shared_ptr<plan::IdentitySource> facts, Clock& clock, Events events)
    : database_(std::move(database)),
      hasher_(std::move(hasher)),
      facts_(std::move(facts)),
      clock_(clock),
      events_(std::move(events)) {}

Result<std::unique_ptr<IdentityStore>, std::string> IdentityStore::open(
    const std::string& path, Hasher hasher, std::shared_ptr<plan::IdentitySource> facts, Clock& clock,
    Events events) {
  auto database = open_identity_database(path);
  if (!database) return Err(database.error());
  std::unique_ptr<IdentityStore> store(
      new IdentityStore(std::move(*database), std::move(hasher), std::move(facts), clock, std::move(events)));
  const Now now = clock.now();
  store->uses_noted_s_ = now.wall_s();
  store->uses_noted_ms_ = now.steady_ms();
  auto version = store->database_->data_version();
  if (!version) return Err(version.error());
  store->data_version_ = *version;
  if (auto loaded = store->load_all(); !loaded) return Err(loaded.error());
  store->thread_ = std::thread([own = store.get()] { own->live(); });
  return store;
}

IdentityStore::~IdentityStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void IdentityStore::ask(Job job, std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(job), std::move(then)});
  }
  wake_.notify_one();
}

void IdentityStore::live() {
  for (;;) {
    std::vector<Asked> asked;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::milliseconds(kLookMs),
                     [this] { return stopping_ || !asked_.empty(); });
      asked = std::exchange(asked_, {});
      last = stopping_;
    }
    run_asked(asked);
    report(look());
    if (!ends_s_.empty() && clock_.now().wall_s() >= *ends_s_.begin()) {
      ends_s_.erase(ends_s_.begin());
      install();
    }
    if (last || clock_.now().steady_ms() - uses_noted_ms_ >= kUsesEveryMs) note_uses_now();
    if (last) return;
  }
}

void IdentityStore::run_asked(const std::vector<Asked>& asked) {
  for (const Asked& one : asked) {
    one.job(*database_, *hasher_);
    const Step done = refresh();
    behind_ = !done;
    report(done);
    one.then();
  }
}

// What others have changed; what this connection changes does not count as such.
IdentityStore::Step IdentityStore::look() {
  auto version = database_->data_version();
  if (!version) return Err(version.error());
  if (auto same = database_->in_place(); !same) return same;
  if (*version == data_version_ && !behind_) return Unit{};
  auto last = last_change(*database_);
  if (!last) return Err(last.error());
  const bool older = *last < seen_;
  auto done = older ? load_all() : refresh();
  if (older && done && events_.trouble)
    events_.trouble(database_->path() + " is of an earlier time than it was: all of it was read anew");
  behind_ = !done;
  if (done) data_version_ = *version;
  return done;
}

void IdentityStore::report(const Step& step) {
  if (!step && !in_trouble_ && events_.trouble) events_.trouble(step.error());
  in_trouble_ = !step;
}

std::shared_ptr<const plan::KeyRights> IdentityStore::rights_of(const KeyRecord& record) {
  if (rights_.size() >= kRightsSwept) {
    std::erase_if(rights_, [](const auto& entry) { return entry.second.expired(); });
  }
  std::weak_ptr<const plan::KeyRights>& kept = rights_[name_of_rights(record)];
  if (auto same = kept.lock()) return same;
  auto rights = std::make_shared<plan::KeyRights>();
  rights->schemes = record.schemes;
  for (const std::string& scope : record.scopes) append_words(rights->scopes, scope);
  rights->operations = record.operations;
  rights->plan = record.plan;
  for (const std::string& text : record.addresses) {
    // One that cannot be read is there as one that no address is in: leaving it out could mean everywhere.
    auto range = parse_address_range(text);
    rights->addresses.push_back(range ? *range : AddressRange{{}, 128});
  }
  kept = rights;
  return rights;
}

plan::KnownKeyPtr IdentityStore::known(const KeyRecord& record) {
  auto key = std::make_shared<plan::KnownKey>();
  key->id = record.id;
  key->subject = record.subject;
  key->rights = rights_of(record);
  key->digest = record.digest;
  key->previous = record.previous;
  key->previous_until_s = record.previous_until_s;
  key->expires_at_s = record.expires_s;
  key->revoked = record.revoked_s != 0;
  std::int64_t used_s = record.last_used_s;
  if (const plan::KnownKeyPtr* before = keys_ ? keys_->find_id(record.id) : nullptr) {
    used_s = std::max(used_s, (*before)->last_used_s.load(std::memory_order_relaxed));
  }
  key->last_used_s.store(used_s, std::memory_order_relaxed);
  return key;
}

IdentityStore::Step IdentityStore::load_revocations() {
  auto listed = list_revocations(*database_, clock_.now().wall_s() - kEndedKeptS);
  if (!listed) return Err(listed.error());
  revocations_ = std::make_shared<const plan::Revocations>(
      std::vector<plan::Revocation>(listed->begin(), listed->end()));
  return Unit{};
}

// Streams that are open learned at their beginning when their keys cease; of a change they learn when it
// takes effect.
void IdentityStore::note_ends(const KeyRecord& record) {
  const std::int64_t now_s = clock_.now().wall_s();
  for (const std::int64_t end_s : {record.expires_s, record.previous_until_s}) {
    if (end_s > now_s) ends_s_.insert(end_s);
  }
}

void IdentityStore::install() {
  facts_->install(std::make_shared<const plan::IdentityFacts>(plan::IdentityFacts{keys_, revocations_}));
}

IdentityStore::Step IdentityStore::load_all() {
  auto last = last_change(*database_);
  if (!last) return Err(last.error());
  std::vector<plan::KnownKeyPtr> keys;
  auto listed = list_keys(*database_, "", kAllKeys, [&](const KeyRecord& record) {
    keys.push_back(known(record));
    return true;
  });
  if (!listed) return listed;
  if (auto loaded = load_revocations(); !loaded) return loaded;
  keys_ = std::make_shared<const plan::KnownKeys>(plan::KnownKeys(hasher_), keys);
  seen_ = *last;
  install();
  return Unit{};
}

IdentityStore::Step IdentityStore::refresh() {
  auto changes = changes_after(*database_, seen_);
  if (!changes) return Err(changes.error());
  if (changes->empty()) return Unit{};
  std::set<std::string> ids;
  bool revocations = false;
  for (const Change& change : *changes) {
    if (change.what.starts_with("key-")) {
      ids.insert(change.id);
    } else {
      revocations = true;
    }
  }
  if (changes->front().number != seen_ + 1) {
    if (auto loaded = load_all(); !loaded) return loaded;
  } else {
    std::vector<plan::KnownKeyPtr> changed;
    for (const std::string& id : ids) {
      auto record = find_key(*database_, id);
      if (record) {
        if (keys_->find_id(id) != nullptr) note_ends(*record);
        changed.push_back(known(*record));
      } else if (record.error().kind != KeyFault::Kind::kNotFound) {
        return Err(record.error().sentence);
      }
    }
    if (revocations) {
      if (auto loaded = load_revocations(); !loaded) return loaded;
    }
    keys_ = std::make_shared<const plan::KnownKeys>(*keys_, changed);
    seen_ = changes->back().number;
    install();
  }
  for (const Change& change : *changes) {
    if (events_.changed) events_.changed(change);
  }
  return Unit{};
}

void IdentityStore::note_uses_now() {
  const Now now = clock_.now();
  std::vector<KeyUse> uses;
  keys_->for_each([&](const plan::KnownKeyPtr& key) {
    const std::int64_t used_s = key->last_used_s.load(std::memory_order_relaxed);
    if (used_s != 0 && used_s >= uses_noted_s_) uses.push_back({key->id, used_s});
  });
  uses_noted_ms_ = now.steady_ms();
  auto noted = note_uses(*database_, uses);
  if (noted) uses_noted_s_ = now.wall_s();
  report(noted);
}

}  // namespace caponier::store
