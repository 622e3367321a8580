#include "stages/match/match.h"

#include <algorithm>

#include "uri/path.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "match";

// A ';' is read differently by different servers: it may stand only where the document declares a parameter
// of the style matrix.
bool has_stray_semicolon(const uri::Path& path, const plan::Operation& operation,
                         const plan::RouteMatch& route) {
  for (const std::string_view segment : path.segments) {
    const auto held = static_cast<std::size_t>(std::ranges::count(segment, ';'));
    std::size_t declared = 0;
    for (const plan::Parameter& parameter : operation.parameters) {
      if (parameter.in != openapi::ParameterIn::kPath || parameter.style != uri::Style::kMatrix) continue;
      const std::string_view text = route.parameters[parameter.path_index];
      const bool within = text.data() >= segment.data() && text.data() < segment.data() + segment.size();
      if (within) declared += static_cast<std::size_t>(std::ranges::count(text, ';'));
    }
    if (held != declared) return true;
  }
  return false;
}

Denial ambiguous(uri::PathError error) {
  return deny(Reason::kPathAmbiguous, kStage, std::string(uri::name(error)));
}

// Refused, unless an explicit word lets undeclared paths pass. What is declared and hidden is refused in any
// case, and so are methods that make an intermediary do something.
Verdict<Matched> undeclared(Exchange& exchange, const uri::Path& path, const plan::RouteMatch& route) {
  const plan::Plan& plan = *exchange.plan;
  Denial denial = deny(Reason::kPathUndeclared, kStage, "no path of the document matches");
  if (plan.undeclared == plan::kNoOperation || route.hidden ||
      exchange.head->method >= http::Method::kTrace) {
    return denial;
  }
  exchange.reported.push_back(std::move(denial));
  return Matched{&plan.operations[plan.undeclared], {}, path.canonical, path.segments, path.raw_segments};
}

}  // namespace

Verdict<Matched> match(Exchange& exchange) {
  const plan::Plan& plan = *exchange.plan;
  const auto path = uri::normalize_path(exchange.head->path, exchange.arena, plan.path_semicolons);
  if (!path) return ambiguous(path.error());

  const plan::RouteMatch route =
      plan.router_for(exchange.peer->internal).match(path->segments, exchange.head->method);
  if (path->has_semicolons && (route.operation == plan::kNoOperation ||
                               has_stray_semicolon(*path, plan.operations[route.operation], route))) {
    return ambiguous(uri::PathError::kParameter);
  }
  if (!route.path_found) return undeclared(exchange, *path, route);
  if (route.operation == plan::kNoOperation) {
    Denial denial = deny(Reason::kMethodUndeclared, kStage, "the path is declared, the method is not");
    denial.allowed_methods = route.allowed_methods;
    return denial;
  }

  const auto parameters = exchange.arena.array<std::string_view>(route.parameter_count);
  std::copy_n(route.parameters.begin(), route.parameter_count, parameters.begin());
  const plan::Operation& operation = plan.operations[route.operation];
  const bool keeps = operation.path_delimiters && path->raw_segments.data() != path->segments.data();
  const std::string_view canonical = keeps ? uri::keep_delimiters(*path, exchange.arena) : path->canonical;
  return Matched{&operation, parameters, canonical, path->segments, path->raw_segments};
}

}  // namespace caponier::stages
