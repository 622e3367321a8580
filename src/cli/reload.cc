#include "cli/reload.h"

#include <cstdio>
#include <utility>

#include "cli/issuer_keys.h"
#include "cli/object_writer.h"
#include "cli/upstream_tls.h"

namespace caponier::cli {
namespace {

void add(Diagnostics& diagnostics, const config::Origin& origin, std::string code, std::string message,
         std::string fix = {}) {
  diagnostics.add({.code = std::move(code),
                   .file = origin.file,
                   .position = origin.position,
                   .pointer = origin.pointer,
                   .message = std::move(message),
                   .fix = std::move(fix)});
}

bool same_listener(const config::Listener& a, const config::Listener& b) {
  return a.name == b.name && a.listen == b.listen && a.surface == b.surface;
}

// What is bound, allocated or locked at the start cannot follow.
void check_fixed(const config::Config& before, const config::Config& after, Diagnostics& diagnostics) {
  const char* const fix = "change it back, or restart the gateway";
  const auto refuse = [&](const config::Origin& at, const std::string& what) {
    add(diagnostics, at, "needs-restart", what + " cannot change while the gateway runs", fix);
  };
  const config::Origin whole{after.file, {}, {}};
  bool same = before.listeners.size() == after.listeners.size();
  for (std::size_t i = 0; same && i < after.listeners.size(); ++i) {
    if (same_listener(before.listeners[i], after.listeners[i])) continue;
    refuse(after.listeners[i].origin, "name, address and surface of a listener");
  }
  if (!same) refuse(whole, "the number of listeners");
  if (before.workers != after.workers) refuse(whole, "workers");
  if (before.state_dir != after.state_dir) refuse(whole, "state_dir");
  if (!(before.api_keys.hash_key == after.api_keys.hash_key)) refuse(whole, "api_keys.hash_key");
  if (before.log_file != after.log_file) refuse(whole, "log.file");
  if (before.handover_file != after.handover_file) refuse(whole, "handover");
  const MemoryLimits& old = before.limits.memory;
  const MemoryLimits& fresh = after.limits.memory;
  if (old.limiter_entries_max != fresh.limiter_entries_max)
    refuse(whole, "limits.memory.limiter_entries_max");
  if (old.token_cache_entries_max != fresh.token_cache_entries_max) {
    refuse(whole, "limits.memory.token_cache_entries_max");
  }
}

gateway::Replacement replacement_of(House& house, const std::shared_ptr<const Loaded>& loaded,
                                    Diagnostics& diagnostics) {
  gateway::Replacement next;
  next.plan = plan_of(loaded);
  for (const config::Listener& listener : loaded->config->listeners) {
    auto entrance = entrance_of(house, listener);
    if (entrance) {
      next.entrances.push_back(std::move(*entrance));
    } else {
      diagnostics.add(entrance.error());
    }
  }
  for (const plan::Upstream& upstream : loaded->plan->upstreams) {
    auto context = upstream_context(upstream);
    if (context) {
      next.upstream_tls.push_back(std::move(*context));
    } else {
      diagnostics.add(upstream_error(*loaded, upstream, context.error()));
    }
  }
  return next;
}

// Last, because it changes what is published: the keys of a Plan are there before it is in force.
void use_assertion_keys(House& house, const Loaded& loaded, Diagnostics& diagnostics) {
  const auto used = house.assertion_keeper->use(loaded.plan->identity_token, house.clock.now().wall_s());
  if (used) return;
  const auto& said = loaded.config->identity_token;
  add(diagnostics, said ? said->origin : config::Origin(), "identity-keys", used.error());
}

std::string to_json(const ReloadOutcome& outcome, std::uint64_t generation, const Diagnostics& diagnostics) {
  ObjectWriter writer;
  writer.open({}, '{');
  writer.boolean("reloaded", outcome.done);
  writer.number("generation", generation);
  writer.open("errors", '[');
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    writer.open({}, '{');
    writer.text("code", diagnostic.code);
    writer.text_unless_empty("file", diagnostic.file);
    if (diagnostic.position.line > 0) writer.number("line", diagnostic.position.line);
    if (diagnostic.position.column > 0) writer.number("column", diagnostic.position.column);
    writer.text_unless_empty("pointer", diagnostic.pointer);
    writer.text("message", diagnostic.message);
    writer.text_unless_empty("fix", diagnostic.fix);
    writer.close('}');
  }
  writer.close(']');
  writer.close('}');
  writer.line_feed();
  return writer.take();
}

void tell(House& house, std::string_view why, bool done, const Diagnostics& diagnostics) {
  const std::string number = std::to_string(house.gateway->generation());
  const std::string detail(why);
  if (done) {
    record(house, "reload", "generation " + number + " is in force: " + detail);
    std::fprintf(stderr, "caponier: reloaded (%s); generation %s is in force\n", detail.c_str(),
                 number.c_str());
    return;
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    record(house, "reload-refused", to_text(diagnostic));
    std::fprintf(stderr, "%s\n", to_text(diagnostic).c_str());
  }
  std::fprintf(stderr, "caponier: not reloaded (%s); generation %s stays in force\n", detail.c_str(),
               number.c_str());
}

}  // namespace

ReloadOutcome reload(House& house, std::string_view why) {
  auto loaded = std::make_shared<Loaded>(load(house.request));
  Diagnostics diagnostics = loaded->diagnostics;
  ReloadOutcome outcome;
  outcome.files = *loaded->files;
  if (loaded->plan) {
    check_fixed(*house.loaded->config, *loaded->config, diagnostics);
    check_key_sets(*loaded->plan, Severity::kError, diagnostics);
    gateway::Replacement next = replacement_of(house, loaded, diagnostics);
    if (!diagnostics.has_errors()) use_assertion_keys(house, *loaded, diagnostics);
    if (!diagnostics.has_errors()) {
      house.gateway->replace(std::move(next));
      house.loaded = std::move(loaded);
      outcome.done = true;
    }
  }
  diagnostics.sort();
  if (!outcome.done) house.gateway->count_refused_reload();
  tell(house, why, outcome.done, diagnostics);
  outcome.json = to_json(outcome, house.gateway->generation(), diagnostics);
  return outcome;
}

}  // namespace caponier::cli
