// API keys in a header: from header to the key's entry. Only digests are compared, and only digests are kept.
#pragma once

#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

inline constexpr std::size_t kApiKeyBytesMax = 512;

// What a scheme finds in its header.
struct PresentedKey {
  bool presented = false;
  const plan::ApiKey* key = nullptr;  // null: not valid, for this reason
  Reason reason = Reason::kKeyUnknown;
};

// kCredentialRepeated if the header came more than once.
PresentedKey presented_key(const http::RequestHead& head, const plan::Scheme& scheme, std::int64_t now_s);

}  // namespace caponier::stages
