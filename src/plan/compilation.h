// What the topics of the compiler share while one Plan is made: the input, the Plan so far, and where to
// report.
#pragma once

#include <memory>

#include "plan/plan.h"
#include "plan/programs.h"
#include "plan/report.h"
#include "plan/shapes.h"

namespace caponier::plan {

struct Compilation {
  Compilation(const CompileInput& compile_input, Diagnostics& diagnostics)
      : input(compile_input),
        contract(*compile_input.contract),
        config(*compile_input.config),
        report(diagnostics),
        plan(std::make_shared<Plan>()),
        programs(contract, config.limits.schema, report),
        shapes(programs, plan->shapes) {}
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  // A node of the contract, with its file.
  [[nodiscard]] Source in_contract(const Node* node) const {
    return {node == nullptr ? std::string_view(contract.main_tree().file()) : contract.file_of(*node), node};
  }
  // The configuration's name as a person would look for it.
  [[nodiscard]] std::string config_name() const {
    return config.file.empty() ? "caponier.yaml" : config.file;
  }

  const CompileInput& input;
  const openapi::Contract& contract;
  const config::Config& config;
  Report report;
  std::shared_ptr<Plan> plan;
  Programs programs;
  Shapes shapes;
};

}  // namespace caponier::plan
