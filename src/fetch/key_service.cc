#include "fetch/key_service.h"

#include <algorithm>
#include <utility>

namespace caponier::fetch {
namespace {

KeySettings settings_of(const plan::Plan& plan, std::size_t issuer) {
  return {plan.issuers[issuer], plan.limits.tokens, plan.limits.time.need_ms};
}

// Each once: several issuers of a Plan that differ in audiences alone have one source.
void add(KeySources& sources, const std::shared_ptr<KeySource>& source) {
  if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
}

}  // namespace

KeyService::KeyService(net::Network& network, std::string development_keys, std::string state_dir,
                       const std::function<void(const KeyEvent&)>& report) {
  // On the archive's thread: told on the loop like everything else.
  const auto not_kept = [&network, report](std::string why) {
    network.loop().post([report, why = std::move(why)] {
      report({"all issuers", false, true, "a copy of its keys cannot be kept: " + why});
    });
  };
  surroundings_.reset(
      new KeySurroundings{network, std::move(development_keys), report, {std::move(state_dir), not_kept}});
}

KeySources KeyService::bind(const plan::Plan& plan, const Now& now) {
  const std::lock_guard lock(mutex_);
  KeySources sources;
  KeySources bound;
  for (std::size_t i = 0; i < plan.issuers.size(); ++i) {
    const auto same = [&plan, i](const auto& source) { return source->serves(plan.issuers[i]); };
    auto found = std::ranges::find_if(bound, same);
    std::shared_ptr<KeySource> source;
    if (found != bound.end()) {
      source = *found;
    } else if (found = std::ranges::find_if(bound_, same); found != bound_.end()) {
      source = *found;
    } else {
      source = std::make_shared<KeySource>(surroundings_, settings_of(plan, i), now);
    }
    add(bound, source);
    sources.push_back(std::move(source));
  }
  bound_ = std::move(bound);
  return sources;
}

void KeyService::use(const std::shared_ptr<const plan::Plan>& plan, KeySources sources) {
  KeySources each;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (std::ranges::find(each, sources[i]) != each.end()) continue;
    sources[i]->use(settings_of(*plan, i));
    each.push_back(sources[i]);
  }
  for (const auto& before : used_) {
    if (std::ranges::find(each, before) == each.end()) before->retire();
  }
  used_ = std::move(each);
}

void KeyService::stop() {
  for (const auto& source : used_) source->stop();
}

std::vector<KeyHealth> KeyService::health(const Now& now) const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyHealth> out;
  for (const auto& source : bound_) {
    if (source->has_place()) out.push_back(source->health(now));
  }
  return out;
}

std::shared_ptr<stages::KeyRing> ring_of(const KeySources& sources, std::uint64_t id) {
  std::vector<std::shared_ptr<stages::KeySlot>> slots;
  for (const auto& source : sources) slots.push_back(source->slot());
  return std::make_shared<stages::KeyRing>(std::move(slots), id);
}

}  // namespace caponier::fetch
