#include "stages/match/match.h"

#include <algorithm>

#include "uri/path.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "match";

}  // namespace

Verdict<Matched> match(Exchange& exchange) {
  const plan::Plan& plan = *exchange.plan;
  const auto path = uri::normalize_path(exchange.head->path, exchange.arena);
  if (!path) return deny(Reason::kPathAmbiguous, kStage, std::string(uri::name(path.error())));

  const plan::RouteMatch route = plan.router.match(path->segments, exchange.head->method);
  if (!route.path_found) return deny(Reason::kPathUndeclared, kStage, "no path of the document matches");
  if (route.operation == plan::kNoOperation) {
    Denial denial = deny(Reason::kMethodUndeclared, kStage, "the path is declared, the method is not");
    denial.allowed_methods = route.allowed_methods;
    return denial;
  }

  const auto parameters = exchange.arena.array<std::string_view>(route.parameter_count);
  std::copy_n(route.parameters.begin(), route.parameter_count, parameters.begin());
  return Matched{&plan.operations[route.operation], parameters, path->canonical};
}

}  // namespace caponier::stages
