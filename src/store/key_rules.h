// What an API key may be asked to be: the rules for whoever asks, the command line and the admin surface
// alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caponier::store {

inline constexpr std::size_t kKeyNameBytesMax = 128;
inline constexpr std::size_t kKeySubjectBytesMax = 256;
inline constexpr std::size_t kKeyScopesMax = 64;
inline constexpr std::size_t kKeyScopeBytesMax = 128;
inline constexpr std::size_t kKeyOperationsMax = 256;
inline constexpr std::size_t kKeyAddressesMax = 64;
inline constexpr std::size_t kKeySchemesMax = 16;
inline constexpr std::size_t kKeyTextBytesMax = 256;  // of an operation, a scheme, a plan, a reason
inline constexpr std::int64_t kOverlapDefaultS = 24 * 3600;
inline constexpr std::int64_t kOverlapMaxS = 90 * 24 * 3600;

struct KeyRequest {
  std::string subject;
  std::string name;
  std::vector<std::string> schemes;
  std::vector<std::string> scopes;
  std::vector<std::string> operations;
  std::vector<std::string> addresses;
  std::string plan;
  std::int64_t expires_s = 0;  // Unix time; 0: never
};

// The error is a sentence and repeats nothing of the request.
Result<Unit, std::string> judge_request(const KeyRequest& request, std::int64_t now_s);
// Whether it is a text that can be kept and shown: UTF-8 without control characters.
bool is_plain_text(std::string_view text, std::size_t bytes_max);

}  // namespace caponier::store
