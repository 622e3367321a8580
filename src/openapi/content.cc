#include "openapi/content.h"

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "http/media_type.h"
#include "openapi/object_rules.h"
#include "openapi/unserved.h"

namespace caponier::openapi {
namespace {

// "200", "4XX", "default".
bool is_status(std::string_view key) {
  if (key == "default") return true;
  if (key.size() != 3 || key[0] < '1' || key[0] > '5') return false;
  return key.substr(1) == "XX" || (is_digit(key[1]) && is_digit(key[2]));
}

void check_headers(Reader& reader, const Node& owner) {
  const Node* headers = member(owner, "headers", NodeKind::kObject);
  if (headers == nullptr) return;
  for (const Node& header : *headers) check_header(reader, header);
}

void check_encoding(Reader& reader, const Node& media_type) {
  const Node* encodings = member(media_type, "encoding", NodeKind::kObject);
  if (encodings == nullptr) return;
  for (const Node& encoding : *encodings) {
    if (encoding.key.starts_with("x-")) continue;
    if (check_object(reader, encoding, rules::kEncoding)) check_headers(reader, encoding);
  }
}

// What no message can carry is harmless in a component, and a mistake where an operation has it.
void report_media_type(Reader& reader, const Node& entry) {
  const std::string message = quote(entry.key) + " is not a media type";
  const std::string fix = "Write type and subtype, such as \"application/json\".";
  if (reader.operation.empty()) {
    reader.finding_at_key(entry, "invalid-value", message + ", so that nothing is ever of it", fix);
  } else {
    reader.error_at_key(entry, "invalid-value", message, fix);
  }
}

}  // namespace

void check_object_map(Reader& reader, const Node& map, std::string_view what) {
  for (const Node& entry : map) {
    if (entry.is_object() || entry.key.starts_with("x-")) continue;
    reader.error(entry, "wrong-type",
                 std::string(what) + " must be an object, not " + std::string(kind_name(entry.kind)));
  }
}

void check_header(Reader& reader, const Node& node) {
  const Node* header = reader.dereference(node);
  if (header == nullptr) return;
  if (!reader.headers.try_emplace(header, true).second) return;
  if (!check_object(reader, *header, rules::kHeader)) return;
  check_example_members(reader, *header);
  const std::string_view style = text_member(*header, "style");
  if (!style.empty() && style != "simple") {
    reader.error(*header->find("style"), "invalid-value", "a header's style is always \"simple\"",
                 "Remove `style`.");
  }
  if (const Node* reserved = header->find("allowReserved"); reserved != nullptr && reader.is_31()) {
    reader.error(*reserved, "invalid-value", "only query parameters have `allowReserved`", "Remove it.");
  }
  if (const Node* content = member(*header, "content", NodeKind::kObject)) read_content(reader, *content);
}

std::vector<MediaTypeBody> read_content(Reader& reader, const Node& content) {
  std::vector<MediaTypeBody> out;
  for (const Node& entry : content) {
    if (entry.key.starts_with("x-")) {
      check_extension(reader, entry, false);
      continue;
    }
    if (!http::parse_media_type(entry.key)) {
      report_media_type(reader, entry);
      continue;
    }
    if (!check_object(reader, entry, rules::kMediaType)) continue;
    check_encoding(reader, entry);
    check_example_members(reader, entry);
    out.push_back({std::string(entry.key), entry.find("schema"), &entry});
  }
  return out;
}

RequestBody read_request_body(Reader& reader, const Node& node) {
  RequestBody body;
  body.node = &node;
  const Node* target = reader.dereference(node);
  if (target == nullptr) return body;
  const auto known = reader.request_bodies.find(target);
  if (known != reader.request_bodies.end()) return known->second;
  body.node = target;
  if (check_object(reader, *target, rules::kRequestBody)) {
    body.required = boolean_member(*target, "required");
    if (const Node* content = member(*target, "content", NodeKind::kObject)) {
      body.content = read_content(reader, *content);
      if (content->child_count == 0) {
        reader.error(*content, "invalid-value", "the request body names no media type",
                     "Name at least one, or remove the request body.");
      }
    }
  }
  reader.request_bodies.emplace(target, body);
  return body;
}

Response read_response(Reader& reader, const Node& node) {
  Response response;
  response.node = &node;
  const Node* target = reader.dereference(node);
  if (target == nullptr) return response;
  const auto known = reader.responses.find(target);
  if (known != reader.responses.end()) return known->second;
  response.node = target;
  if (check_object(reader, *target, rules::kResponse)) {
    check_headers(reader, *target);
    if (const Node* content = member(*target, "content", NodeKind::kObject)) {
      response.content = read_content(reader, *content);
    }
    if (const Node* links = member(*target, "links", NodeKind::kObject)) {
      check_links(reader, *links);
    }
  }
  reader.responses.emplace(target, response);
  return response;
}

std::vector<Response> read_responses(Reader& reader, const Node& responses) {
  std::vector<Response> out;
  for (const Node& entry : responses) {
    if (entry.key.starts_with("x-")) {
      check_extension(reader, entry, false);
      continue;
    }
    if (!is_status(entry.key)) {
      reader.error_at_key(entry, "invalid-value", quote(entry.key) + " is not a response's status",
                          "Write three digits, a range such as \"4XX\", or \"default\".");
      continue;
    }
    Response response = read_response(reader, entry);
    response.status = entry.key;
    out.push_back(std::move(response));
  }
  if (out.empty()) {
    reader.error(responses, "missing-response", "the operation declares no response",
                 "Declare at least one: what is not declared does not leave the upstream.");
  }
  return out;
}

}  // namespace caponier::openapi
