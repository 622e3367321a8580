#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/bytes.h"
#include "http/media_type.h"
#include "plan/bodies.h"
#include "plan/compile_identity_token.h"
#include "plan/limits.h"
#include "plan/logins.h"
#include "plan/memory.h"
#include "plan/overrides.h"
#include "plan/parameters.h"
#include "plan/plan.h"
#include "plan/policy.h"
#include "plan/report_only.h"
#include "plan/responses.h"
#include "plan/security.h"
#include "plan/step_up.h"
#include "plan/surroundings.h"
#include "plan/upstream_token.h"
#include "plan/upstreams.h"

namespace caponier::plan {
namespace {

// Everything that policy says, by who says it.
class Levels {
 public:
  explicit Levels(Compilation& compilation) : compilation_(compilation), overrides_(compilation) {
    if (compilation.contract.x_caponier != nullptr) {
      root_ = read_members(compilation.in_contract(compilation.contract.x_caponier), Level::kRoot, {},
                           compilation.report);
    }
    if (compilation.config.defaults != nullptr) {
      const Source defaults{compilation.config.tree->file(), compilation.config.defaults};
      defaults_ = read_members(defaults, Level::kConfigDefaults, {}, compilation.report);
    }
    root_.level = Level::kRoot;
    defaults_.level = Level::kConfigDefaults;
  }

  // What speaks about `operation`, the closest last.
  std::vector<const Members*> of(const openapi::Operation& operation) {
    std::vector<const Members*> levels{&root_, &defaults_};
    if (operation.path_x_caponier != nullptr) {
      const auto [path, is_new] = paths_.try_emplace(operation.path_x_caponier);
      if (is_new) path->second = read(operation.path_x_caponier, Level::kPath, {});
      levels.push_back(&path->second);
    }
    if (operation.x_caponier != nullptr) {
      const auto [own, is_new] = operations_.try_emplace(operation.x_caponier);
      if (is_new) own->second = read(operation.x_caponier, Level::kOperation, operation.label());
      levels.push_back(&own->second);
    }
    for (const Members* entry : overrides_.of(operation)) levels.push_back(entry);
    for (const Members* level : levels) {
      const bool inherited = level->level < Level::kPath || level->by_wildcard;
      if (level->owner && inherited) owners_.try_emplace(level->owner->source.node, *level->owner);
    }
    return levels;
  }

  // What speaks about all operations.
  [[nodiscard]] std::array<const Members*, 2> of_all() const { return {&root_, &defaults_}; }

  // Reports what was said and concerned nobody.
  void report_unused() {
    overrides_.report_unused(compilation_);
    std::set<std::string> parameters;
    for (const Operation& operation : compilation_.plan->operations) {
      for (std::string& name : template_names(operation.path)) parameters.insert(std::move(name));
    }
    for (const auto& [node, owner] : owners_) {
      if (parameters.contains(owner.value.parameter)) continue;
      compilation_.report.error(owner.source, "owner-unused",
                                "no exposed path has the parameter " + quoted(owner.value.parameter) +
                                    ", so that nothing is held to this owner",
                                "name a parameter of the paths that it is meant for, or remove it");
    }
  }

 private:
  Members read(const Node* node, Level level, const std::string& label) {
    compilation_.report.concern(label);
    return read_members(compilation_.in_contract(node), level, {}, compilation_.report);
  }

  Compilation& compilation_;
  Members root_;
  Members defaults_;
  Overrides overrides_;
  std::map<const Node*, Members> paths_;
  std::map<const Node*, Members> operations_;
  std::map<const Node*, Said<OwnerRule>> owners_;  // that hold wherever a path has the parameter
};

// The same path by shape: names of parameters left out.
std::string shape_of(std::string_view path) {
  std::string shape;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (!inside) shape += c;
    if (c == '{') inside = true;
  }
  return shape;
}

// Who has a path and a method, by their hash: to be named where another one wants them.
using Taken = std::unordered_map<std::size_t, const openapi::Operation*>;

void add_routes(Compilation& compilation, const openapi::Operation& declared, std::uint32_t index,
                Taken& taken) {
  for (const std::string& base : declared.base_paths) {
    const std::string path = base + declared.path;
    const std::string error = compilation.plan->router.add(path, declared.method, index);
    const std::string shape = std::string(http::name(declared.method)) + ' ' + shape_of(path);
    const auto [other, is_new] = taken.try_emplace(std::hash<std::string>()(shape), &declared);
    if (error.empty()) continue;
    const Where where = where_of(compilation.in_contract(other->second->node));
    compilation.report.error(compilation.in_contract(declared.node), "bad-path",
                             quoted(path) + " cannot be served: " + error +
                                 (is_new ? "" : ": " + other->second->label() + " (" + where.text + ')'),
                             is_new ? "write the path as requests will have it"
                                    : "give one of them another path, or take it out with exposed: false");
  }
}

Operation compile_operation(Compilation& compilation, Schemes& schemes, const openapi::Operation& declared,
                            const Policy& policy) {
  Operation operation;
  operation.id = declared.id;
  operation.label = declared.label();
  operation.path = (declared.base_paths.empty() ? "" : declared.base_paths.front()) + declared.path;
  operation.method = declared.method;
  operation.internal = policy.internal;
  operation.deprecated = declared.deprecated;
  operation.where = where_of(compilation.in_contract(declared.node));
  operation.provenance = policy.provenance;
  compile_report_only(compilation, policy, operation);
  const std::vector<std::string> names = template_names(operation.path);
  compile_security(compilation, schemes, declared, policy, operation);
  compile_step_up(compilation, policy, operation);
  compile_owner(compilation, policy, names, operation);
  compile_limits(compilation, policy, operation);
  compile_parameters(compilation, declared, names, operation);
  compile_request_body(compilation, declared, policy, operation);
  compile_responses(compilation, declared, policy, operation);
  compile_operation_upstream(compilation, declared, policy, operation);
  return operation;
}

// What a public listener sees: an internal operation is as one that was taken out.
class PublicRoutes {
 public:
  void add(const openapi::Operation& declared, std::uint32_t index) { routes_.push_back({&declared, index}); }
  void hide(const openapi::Operation& declared) { routes_.push_back({&declared, kNoOperation}); }
  void build(Plan& plan) const {
    const bool internal = std::ranges::any_of(plan.operations, &Operation::internal);
    if (!internal) return;
    Router& router = plan.public_router.emplace();
    for (const auto& [declared, index] : routes_) {
      const bool hidden = index == kNoOperation || plan.operations[index].internal;
      for (const std::string& base : declared->base_paths) {
        if (hidden) {
          router.hide(base + declared->path);
        } else {
          (void)router.add(base + declared->path, declared->method, index);  // errors: the whole router's
        }
      }
    }
  }

 private:
  struct Route {
    const openapi::Operation* declared;
    std::uint32_t index;
  };
  std::vector<Route> routes_;
};

// Internal operations that no listener serves are dead, which is hardly meant.
void report_unserved(Compilation& compilation) {
  const std::vector<config::Listener>& listeners = compilation.config.listeners;
  const bool served = std::ranges::any_of(
      listeners, [](const config::Listener& l) { return l.surface == config::Surface::kInternal; });
  if (served || listeners.empty()) return;
  for (const Operation& operation : compilation.plan->operations) {
    if (!operation.internal) continue;
    Diagnostic unserved;
    unserved.code = "internal-unserved";
    unserved.message = operation.label + " is internal, and no listener has the surface internal";
    unserved.fix = "add a listener with surface: internal, or take the operation out with exposed: false";
    compilation.report.add_finding(std::move(unserved));
  }
}

void compile_operations(Compilation& compilation) {
  Levels levels(compilation);
  Schemes schemes(compilation);
  Taken taken;
  PublicRoutes public_routes;
  Plan& plan = *compilation.plan;
  plan.operations.reserve(compilation.contract.operations.size() + 1);
  for (const openapi::Operation& declared : compilation.contract.operations) {
    const std::vector<const Members*> speaking = levels.of(declared);
    compilation.report.concern(declared.label());
    const Policy policy = settle(speaking, compilation.report);
    if (!policy.exposed) {
      plan.not_exposed.push_back(declared.label());
      for (const std::string& base : declared.base_paths) plan.router.hide(base + declared.path);
      public_routes.hide(declared);
      continue;
    }
    add_routes(compilation, declared, static_cast<std::uint32_t>(plan.operations.size()), taken);
    public_routes.add(declared, static_cast<std::uint32_t>(plan.operations.size()));
    plan.operations.push_back(compile_operation(compilation, schemes, declared, policy));
  }
  public_routes.build(plan);
  report_unserved(compilation);
  compilation.programs.finish();
  compilation.report.concern({});
  schemes.flush();
  // Of a document without operations, the next line says enough.
  if (!compilation.contract.operations.empty()) levels.report_unused();
  if (plan.operations.empty()) {
    compilation.report.error(compilation.in_contract(compilation.contract.main_tree().root()),
                             "nothing-to-serve",
                             "no operation is exposed, so that every request would be refused",
                             "declare a path with an operation, or let one of them be exposed");
  }
  compile_undeclared(compilation, settle(levels.of_all(), compilation.report));
  for (Operation& operation : plan.operations) {
    settle_schemes(plan, operation);
    check_introspection(compilation, operation);
  }
}

http::MediaType parsed(std::string_view text) {
  return http::parse_media_type(text).value_or(http::MediaType());
}

// The bound of an operation was said for it; the reader's must not undercut it.
void raise(JsonLimits& limits, std::uint64_t bytes_max) {
  limits.bytes_max =
      std::max(limits.bytes_max, static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes_max, UINT32_MAX)));
}

void finish(Compilation& compilation) {
  Plan& plan = *compilation.plan;
  for (Operation& operation : plan.operations) {
    // Only here do the texts stand where they stay.
    for (Response& response : operation.responses) {
      for (ResponseBody& body : response.bodies) body.parsed = parsed(body.media_type);
      if (!operation.judges_responses) continue;
      raise(plan.limits.json, operation.response_bytes_max);
    }
    for (Body& body : operation.bodies) {
      body.parsed = parsed(body.media_type);
      for (FormField& field : body.fields) {
        for (const std::string& text : field.content_types) field.parsed.push_back(parsed(text));
      }
      if (body.form == BodyForm::kJson) raise(plan.limits.json, body.bytes_max);
    }
  }
  plan.findings = std::move(compilation.report.findings());
  const auto order = [](const Finding& f) { return std::tie(f.where.text, f.code, f.text); };
  std::stable_sort(plan.findings.begin(), plan.findings.end(),
                   [&order](const Finding& a, const Finding& b) { return order(a) < order(b); });
  const auto last =
      std::unique(plan.findings.begin(), plan.findings.end(),
                  [&order](const Finding& a, const Finding& b) { return order(a) == order(b); });
  plan.findings.erase(last, plan.findings.end());
}

// Of headers, with a sign that many backends read as they read '-'.
bool has_name_with_sign(const Plan& plan) {
  const auto has_sign = [](std::string_view name) {
    return std::ranges::any_of(name, [](char c) { return !is_alpha(c) && !is_digit(c) && c != '-'; });
  };
  const auto in_header = [has_sign](const Parameter& parameter) {
    return parameter.in == openapi::ParameterIn::kHeader && has_sign(parameter.name);
  };
  const auto of_operation = [&](const Operation& operation) {
    return std::ranges::any_of(operation.parameters, in_header);
  };
  const auto of_scheme = [has_sign](const Scheme& scheme) {
    return scheme.place.in == CredentialIn::kHeader && has_sign(scheme.place.name);
  };
  return std::ranges::any_of(plan.operations, of_operation) || std::ranges::any_of(plan.schemes, of_scheme);
}

}  // namespace

std::shared_ptr<const Plan> compile_plan(const CompileInput& input, Diagnostics& diagnostics) {
  Compilation compilation(input, diagnostics);
  Plan& plan = *compilation.plan;
  plan.limits = input.config->limits;
  plan.dev = input.config->dev;
  plan.hsts = !plan.dev;
  plan.title = input.contract->title;
  plan.source = input.contract->main_tree().file();
  compile_upstreams(compilation);
  compile_operations(compilation);
  plan.header_names_with_signs = has_name_with_sign(plan);
  check_logins(compilation);
  compile_identity_token(compilation);
  compile_upstream_tokens(compilation);
  compile_memory(compilation);
  compile_hosts(compilation);
  report_vendor_keys(compilation);
  if (plan.dev) {
    Diagnostic dev;
    dev.code = "dev-mode";
    dev.message = "development mode: tokens of the local development issuer are accepted; loopback only";
    dev.fix = "run without --dev where it counts";
    compilation.report.add_finding(std::move(dev));
  }
  finish(compilation);
  return diagnostics.has_errors() ? nullptr : compilation.plan;
}

}  // namespace caponier::plan
