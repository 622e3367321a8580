// The contract: what an OpenAPI document (3.0, 3.1; YAML or JSON) declares, with the place of everything it
// says. Loading checks structure and references; policy and schemas are interpreted by plan/. Loaded once,
// read only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/tree.h"
#include "http/message.h"
#include "openapi/documents.h"

namespace caponier::openapi {

enum class Version : std::uint8_t { k30, k31 };
enum class ParameterIn : std::uint8_t { kPath, kQuery, kHeader, kCookie };
enum class Style : std::uint8_t {
  kSimple,
  kLabel,
  kMatrix,
  kForm,
  kSpaceDelimited,
  kPipeDelimited,
  kDeepObject
};
enum class SchemeType : std::uint8_t {
  kHttpBearer,
  kHttpBasic,
  kHttpOther,
  kApiKey,
  kOAuth2,
  kOpenIdConnect,
  kMutualTls
};

struct SecurityScheme {
  std::string name;
  SchemeType type;
  std::string http_scheme;  // of kHttpOther
  ParameterIn api_key_in = ParameterIn::kHeader;
  std::string api_key_name;
  std::string openid_connect_url;  // empty if none
  const Node* node = nullptr;
  const Node* x_caponier = nullptr;
};

struct SecurityRequirement {  // one scheme with its scopes
  std::uint32_t scheme;       // index into Contract::schemes
  std::vector<std::string> scopes;
};
struct SecurityAlternative {  // all of these (AND); empty: `{}`
  std::vector<SecurityRequirement> all;
  const Node* node = nullptr;
};

struct Parameter {
  std::string name;
  ParameterIn in;
  bool required = false;
  bool deprecated = false;
  bool allow_empty_value = false;
  bool allow_reserved = false;
  Style style;
  bool explode;
  const Node* schema = nullptr;  // exactly one of schema and content
  const Node* content_schema = nullptr;
  std::string content_type;
  const Node* node = nullptr;
};

struct MediaTypeBody {
  std::string media_type;        // as written: "application/json", "image/*"
  const Node* schema = nullptr;  // null if none
  const Node* node = nullptr;
};

struct RequestBody {
  bool required = false;
  std::vector<MediaTypeBody> content;
  const Node* node = nullptr;
};

struct Response {
  std::string status;  // "200", "4XX", "default"
  std::vector<MediaTypeBody> content;
  const Node* node = nullptr;
};

struct Operation {
  http::Method method;
  std::string path;  // template as written: "/orders/{id}"
  std::string id;    // operationId; "GET /orders/{id}" where the document has none
  bool has_operation_id = false;
  bool deprecated = false;
  std::vector<Parameter> parameters;  // path item's and operation's, merged
  std::optional<RequestBody> request_body;
  std::vector<Response> responses;
  std::vector<SecurityAlternative> security;  // effective: the operation's, else the document's
  bool security_declared = false;             // false: neither says anything
  const Node* security_node = nullptr;
  std::vector<std::string> base_paths;  // of the effective servers: "", "/v1"; at least one
  const Node* node = nullptr;           // the operation object
  const Node* path_node = nullptr;      // the path item
  const Node* x_caponier = nullptr;     // operation's
  const Node* path_x_caponier = nullptr;

  [[nodiscard]] std::string label() const;  // "GET /orders/{id}"
};

class Contract {
 public:
  Version version = Version::k30;
  std::string title;
  std::string api_version;
  std::vector<SecurityScheme> schemes;
  std::vector<Operation> operations;
  std::vector<std::string> server_hosts;  // of absolute server URLs, lower case: "a.com", "::1"
  const Node* x_caponier = nullptr;       // root

  explicit Contract(ReadFile read_file = {}) : documents_(std::move(read_file)) {}

  // The file that `node` was written in: the main document, one it refers to, or an overlay.
  [[nodiscard]] const Tree& tree_of(const Node& node) const { return documents_.written_in(node); }
  [[nodiscard]] std::string_view file_of(const Node& node) const { return tree_of(node).file(); }
  [[nodiscard]] const Tree& main_tree() const { return documents_.main(); }
  // Every file that was read, overlays too; the main document is the first.
  [[nodiscard]] const std::vector<std::unique_ptr<Tree>>& trees() const { return documents_.trees(); }
  [[nodiscard]] const std::vector<FileReference>& file_references() const {
    return documents_.file_references();
  }
  // See Documents::resolve. May read another file, so it is not for several threads at once.
  const Node* resolve(const Node& holder, std::string_view reference, Diagnostics& diagnostics) const {
    return documents_.resolve(holder, reference, diagnostics);
  }
  void add(std::unique_ptr<Tree> tree) { documents_.add(std::move(tree)); }

 private:
  mutable Documents documents_;  // grows as references are followed
};

struct OverlayText {
  std::string file;  // as the person named it
  std::string text;
};

struct LoadInput {
  std::string_view text;                   // YAML if it does not begin (after white space) with '{'
  std::string file;                        // as the person named it
  std::vector<OverlayText> overlays = {};  // applied in this order
  ReadFile read_file = {};                 // for references to other files; empty: there are none to be had
};

// Returns null only if nothing can be made of the document; problems are in `diagnostics` in any case.
std::unique_ptr<Contract> load_contract(LoadInput input, Diagnostics& diagnostics);
std::unique_ptr<Contract> load_contract(std::string_view text, const std::string& file,
                                        Diagnostics& diagnostics);

}  // namespace caponier::openapi
