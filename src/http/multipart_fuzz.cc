// Whatever the bytes, the parts lie within the body in order, are named, and stay within the bounds; and what
// was read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "http/multipart.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;

std::string write(std::span<const http::Part> parts) {
  std::string out;
  for (const http::Part& part : parts) {
    out.append("--b\r\nContent-Disposition: form-data; name=\"").append(part.name).append("\"");
    if (part.filename) out.append("; filename=\"").append(*part.filename).append("\"");
    if (!part.content_type.empty()) out.append("\r\nContent-Type: ").append(part.content_type);
    out.append("\r\n\r\n").append(part.body).append("\r\n");
  }
  return out.append("--b--");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body = text_of(data, size);
  FormLimits limits;
  limits.parts_max = 8;
  limits.part_headers_max = 4;
  limits.part_head_bytes_max = 256;
  Arena arena;
  const auto parts = http::parse_multipart(body, "b", limits, arena);
  if (!parts) return 0;
  require(parts->size() <= limits.parts_max);
  const char* at = body.data();
  for (const http::Part& part : *parts) {
    require(!part.name.empty() && is_utf8(part.name) && part.others.size() <= limits.part_headers_max);
    require(part.body.data() >= at && part.body.data() + part.body.size() <= body.data() + body.size());
    at = part.body.data() + part.body.size();
  }
  const std::string written = write(*parts);
  limits.part_head_bytes_max = 4096;
  const auto again = http::parse_multipart(written, "b", limits, arena);
  require(again.ok() && again->size() == parts->size());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    require((*again)[i].name == (*parts)[i].name && (*again)[i].body == (*parts)[i].body);
    require((*again)[i].filename == (*parts)[i].filename);
  }
  return 0;
}
