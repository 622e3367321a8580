// Certificates of clients: whatever they hold, a name that is read from one cannot be two names, nor break a
// line of the log.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/fuzzing.h"
#include "tls/read_names.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier;
using namespace caponier::tls;

void judge(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    require(!name.empty());
    require(std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const unsigned char* at = data;
  const CertificateHandle certificate(d2i_X509(nullptr, &at, static_cast<long>(size)));
  if (!certificate) return 0;
  const CertificateNames names = read_names(*certificate);
  judge(names.dns_names);
  judge(names.uris);
  judge(names.email_names);
  require(names.digest.size() == 64);
  require(names.subject.find('\0') == std::string::npos && names.subject.find('\n') == std::string::npos);
  return 0;
}
