// Whatever the texts of a record are, it is one line of strict JSON that shows as it is.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "event/record.h"
#include "json/document.h"

using namespace caponier::fuzzing;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caponier;
  const std::string_view text = text_of(data, size);
  event::ExchangeRecord record;
  record.request_id = text.substr(0, size / 2);
  record.detail = text;
  record.credential = text;
  record.raw_path = {text};
  record.subject = {text};
  record.user_agent = {text};
  std::string line;
  append(line, record);
  if (line.empty() || line.back() != '\n') std::abort();
  line.pop_back();
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
  json::Document document;
  if (!is_utf8(line) || !document.read(line, JsonLimits{})) std::abort();
  return 0;
}
