// The text format of golden files. One file is one contract, with the cases judged under it:
//
//   # what the file is about
//   === contract
//   openapi: 3.0.3 ...
//   === config          (optional; the default below serves most)
//   === case a sentence that names the behaviour
//   > GET /orders?limit=5       the request line, then headers, each behind "> "
//   token {"sub":"alice"}       a token of these claims; iss, aud, iat and exp are added unless they are
//                               there
//   certificate spiffe://a/b    the connection's client certificate, with this URI and subject CN=client
//   body {"item":"x"}           or: body of 2000 bytes
//   times 3                     the same request, so often; the last one counts
//   ---
//   what is expected: written anew with CAPONIER_GOLDEN_UPDATE=1
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caponier::golden {

struct Case {
  std::string name;
  std::vector<std::string> head;           // request line and headers
  std::string token_claims;                // empty: no token
  bool forged = false;                     // "forged-token": signed by a stranger
  std::optional<std::string> certificate;  // its URI; nothing: no certificate
  std::string body;
  bool has_body = false;
  int times = 1;
  std::string given;     // the lines as they stand
  std::string expected;  // as it stands
};

struct File {
  std::string preamble;  // everything before the first case, as it stands
  std::string contract;
  std::string config;  // empty: the default
  std::vector<Case> cases;
};

File read_file(std::string_view text);
std::string write_file(const File& file);

}  // namespace caponier::golden
