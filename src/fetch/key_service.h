// The key sets of a process: one source per issuer and place, whatever number of Plans, schemes and workers
// ask for it, on the loop of one worker. A Plan that follows another finds the keys that are there already.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fetch/key_source.h"

namespace caponier::fetch {

using KeySources = std::vector<std::shared_ptr<KeySource>>;  // by index of Plan::issuers

class KeyService {
 public:
  // `development_keys`: of the local development issuer, if there is one. `state_dir`: where sets are kept
  // for the next start; empty: nowhere. `report` is called on the network's loop.
  KeyService(net::Network& network, std::string development_keys, std::string state_dir,
             const std::function<void(const KeyEvent&)>& report);
  // What is kept is written; sources may live on for those who still ask.
  ~KeyService() { surroundings_->archive.close(); }
  KeyService(const KeyService&) = delete;
  KeyService& operator=(const KeyService&) = delete;

  // The sources of a Plan: those that there are, and new ones with what was kept of theirs. The Plan will be
  // in force. By one thread at a time.
  KeySources bind(const plan::Plan& plan, const Now& now);
  // On the network's loop: the Plan that these were bound to is in force, and the one before is not.
  void use(const std::shared_ptr<const plan::Plan>& plan, KeySources sources);
  // On the network's loop: no new fetches.
  void stop();
  // By any thread.
  [[nodiscard]] std::vector<KeyHealth> health(const Now& now) const;

 private:
  std::shared_ptr<KeySurroundings> surroundings_;
  KeySources used_;  // of the loop
  mutable std::mutex mutex_;
  KeySources bound_;  // under mutex_
};

// The ring through which the stages see `sources`.
std::shared_ptr<stages::KeyRing> ring_of(const KeySources& sources, std::uint64_t id);

}  // namespace caponier::fetch
