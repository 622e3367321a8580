#include "plan/responses.h"

#include <algorithm>

#include "base/bytes.h"
#include "http/media_type.h"
#include "plan/forms.h"
#include "plan/parameters.h"

namespace caponier::plan {
namespace {

// The most specific key applies. 0: exact, 1: "image/*", 2: "*/*".
int generality(const ResponseBody& body) {
  const auto type = http::parse_media_type(body.media_type);
  if (!type) return 3;
  return (type->type == "*" ? 1 : 0) + (type->subtype == "*" ? 1 : 0);
}

// JSON, or a range that JSON is in.
bool may_be_json(const http::MediaType& type) {
  if (http::reads_as_json(type) || type.type == "*") return true;
  return type.subtype == "*" &&
         (equals_ignore_case(type.type, "application") || equals_ignore_case(type.type, "text"));
}

void compile_bodies(Compilation& compilation, const openapi::Response& source, const Operation& operation,
                    Response& response) {
  const bool looks = operation.response_mode != ResponseMode::kStream;
  for (const openapi::MediaTypeBody& content : source.content) {
    ResponseBody body;
    body.media_type = content.media_type;
    body.where = where_of(compilation.in_contract(content.node));
    const auto type = http::parse_media_type(content.media_type);
    // Bytes of any type may be a file that holds JSON: it is no value of the schema.
    const Node* const target =
        content.schema == nullptr ? nullptr : compilation.programs.target(*content.schema);
    const bool bytes = type && !http::reads_as_json(*type) && target != nullptr && says_bytes(*target);
    if (looks && type && may_be_json(*type) && content.schema != nullptr && !bytes) {
      body.program = compilation.programs.compile(*content.schema, schema::Direction::kResponse);
      if (operation.response_mode == ResponseMode::kStrip)
        body.shape = compilation.shapes.of(*content.schema);
    }
    response.bodies.push_back(std::move(body));
  }
  std::stable_sort(
      response.bodies.begin(), response.bodies.end(),
      [](const ResponseBody& a, const ResponseBody& b) { return generality(a) < generality(b); });
}

void compile_headers(Compilation& compilation, const openapi::Response& source, Response& response) {
  const Node* headers = source.node == nullptr ? nullptr : source.node->find("headers");
  if (headers == nullptr || !headers->is_object()) return;
  for (const Node& header : *headers) {
    // OpenAPI 3.1, "Response Object": Content-Type is described by content.
    if (!header.is_object() || equals_ignore_case(header.key, "Content-Type")) continue;
    if (auto compiled = compile_header(compilation, header, schema::Direction::kResponse)) {
      response.headers.push_back(std::move(*compiled));
    }
  }
}

// Where parts are declared, somebody expects them.
void check_parts(Compilation& compilation, const openapi::Response& source, const Operation& operation,
                 const Response& response) {
  const bool refuses =
      operation.response_mode == ResponseMode::kEnforce || operation.response_mode == ResponseMode::kStrip;
  const bool judges =
      std::ranges::any_of(response.bodies, [](const ResponseBody& body) { return body.program != nullptr; });
  if (response.status != "206" || !refuses || !judges) return;
  compilation.report.finding(
      compilation.in_contract(source.node), "partial-response",
      "a part of a JSON body cannot be judged, so that answers with Content-Range will be refused",
      "remove this 206, or say x-caponier: {response: stream} for the operation");
}

// A 101 says that the operation is a WebSocket: the one protocol that is switched to.
void compile_websocket(Compilation& compilation, const openapi::Operation& declared, Operation& operation) {
  const auto found = std::ranges::find_if(
      declared.responses, [](const openapi::Response& response) { return response.status == "101"; });
  if (found == declared.responses.end()) return;
  const auto refuse = [&](const Node* node, std::string text, std::string fix) {
    compilation.report.error(compilation.in_contract(node), "websocket", std::move(text), std::move(fix));
  };
  if (declared.method != http::Method::kGet) {
    refuse(found->node, "101 makes an operation a WebSocket, which is opened by GET alone",
           "declare it for GET, or take the operation out with exposed: false");
  }
  if (declared.request_body) {
    refuse(declared.request_body->node, "a WebSocket handshake has no body", "remove the request body");
  }
  if (!found->content.empty()) {
    refuse(found->node, "101 has no body: what goes over a WebSocket is not judged",
           "remove the content, and describe the messages in words");
  }
  operation.websocket = true;
}

}  // namespace

void compile_responses(Compilation& compilation, const openapi::Operation& declared, const Policy& policy,
                       Operation& operation) {
  operation.response_mode = policy.response.mode;
  operation.response_bytes_max = policy.response.bytes_max > 0
                                     ? policy.response.bytes_max
                                     : compilation.config.limits.memory.response_buffer_bytes_max;
  for (const openapi::Response& source : declared.responses) {
    Response response;
    response.status = source.status;
    response.where = where_of(compilation.in_contract(source.node));
    compile_bodies(compilation, source, operation, response);
    compile_headers(compilation, source, response);
    check_parts(compilation, source, operation, response);
    for (const ResponseBody& body : response.bodies) operation.judges_responses |= body.program != nullptr;
    operation.responses.push_back(std::move(response));
  }
  compile_websocket(compilation, declared, operation);
  if (operation.responses.empty()) {
    compilation.report.error(compilation.in_contract(declared.node), "missing-response",
                             "the operation declares no response, so that every answer would be refused",
                             "declare the statuses, or default");
  }
}

}  // namespace caponier::plan
