// What the readers of a document's parts share while a contract is loaded: where they report, how they follow
// references, and what they have read already. A part that several operations refer to is read, and
// complained about, once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/diagnostic.h"
#include "base/quote.h"
#include "base/tree.h"
#include "openapi/contract.h"

namespace caponier::openapi {

// What was understood and is not served, see unserved.h.
struct Unserved {
  struct Kind {
    const Node* first = nullptr;
    std::size_t count = 0;
  };
  Kind callbacks;
  Kind webhooks;
  Kind links;
};

class Reader {
 public:
  Reader(Contract& target, Diagnostics& diagnostics) : contract(target), diagnostics_(diagnostics) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // `node`'s value is to blame, or its key.
  void error(const Node& node, std::string code, std::string message, std::string fix = {});
  void error_at_key(const Node& node, std::string code, std::string message, std::string fix = {});
  void finding(const Node& node, std::string code, std::string message, std::string fix = {});
  void finding_at_key(const Node& node, std::string code, std::string message, std::string fix = {});
  void note(const Node& node, std::string code, std::string message);

  // What `node` stands for: itself, or what its `$ref` leads to in the end. Null if that is nowhere.
  const Node* dereference(const Node& node);
  // The same without diagnostics about what stands beside the `$ref`.
  const Node* follow_references(const Node& node);

  // True after a finding if the component `entry` is nothing but a reference to the network: what does not
  // use it may be served.
  bool is_out_of_reach(const Node& entry);

  [[nodiscard]] bool is_31() const { return contract.version == Version::k31; }

  Contract& contract;
  std::string operation;  // label of the operation being read; empty outside of one

  std::unordered_map<const Node*, std::optional<Parameter>> parameters;
  std::unordered_map<const Node*, Response> responses;
  std::unordered_map<const Node*, RequestBody> request_bodies;
  std::unordered_map<const Node*, bool> headers;
  std::unordered_map<std::string_view, std::uint32_t> schemes;  // name to index into contract.schemes
  std::unordered_map<std::string_view, const Node*> operation_ids;
  std::unordered_set<const Node*> unserved;
  Unserved counts;

 private:
  void report(const Node& node, Severity severity, std::string code, std::string message, std::string fix,
              bool at_key = false);

  Diagnostics& diagnostics_;
};

}  // namespace caponier::openapi
