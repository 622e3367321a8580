// Cookies of a request: what is read is what stands there, however many headers it stands in, and no text
// but one of a session's names a session.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "stages/authenticate/credential_place.h"
#include "stages/authenticate/sessions.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier;
using namespace caponier::stages;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs read(const std::vector<std::string>& lines) {
  std::vector<http::Header> headers;
  for (const std::string& line : lines) headers.push_back({"cookie", line, http::Field::kCookie});
  http::RequestHead head;
  head.headers = headers;
  Pairs pairs;
  for_each_cookie(
      head, [&pairs](std::string_view name, std::string_view value) { pairs.emplace_back(name, value); });
  return pairs;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Pairs pairs = read({text});
  std::string written;
  for (const auto& [name, value] : pairs) {
    require(name.find_first_of(";=") == std::string::npos && value.find(';') == std::string::npos);
    require(name.empty() || !is_blank(name.front()));
    require(value.empty() || !is_blank(value.back()));
    require(text.find(name + "=" + value) != std::string::npos);
    written += (written.empty() ? "" : "; ") + name + "=" + value;
    if (const auto session = session_name(value)) {
      // One text for each session: no other spelling of it.
      const auto secret = base64url_decode(value);
      require(value.size() == 43 && secret && secret->size() == 32 && base64url_encode(*secret) == value);
    }
  }
  // Written as clients write them they are the same, in one header or in as many as there are.
  require(read({written}) == pairs);
  std::vector<std::string> lines;
  for (const auto& [name, value] : pairs) lines.push_back(name + "=" + value);
  require(read(lines) == pairs);
  return 0;
}
