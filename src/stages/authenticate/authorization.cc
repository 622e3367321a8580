#include "stages/authenticate/authorization.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::stages {
namespace {

bool is_of(std::string_view value, std::string_view word) {
  return value.size() >= word.size() && equals_ignore_case(value.substr(0, word.size()), word) &&
         (value.size() == word.size() || value[word.size()] == ' ');
}

// Whether another scheme, by which the operation's callers are judged as well, reads this value.
bool is_read_elsewhere(const Reading& reading, std::string_view value) {
  return std::ranges::any_of(reading.operation().judged_by, [&](std::uint32_t index) {
    const plan::CredentialPlace& place = reading.scheme(index).place;
    if (place.in != plan::CredentialIn::kHeader || place.name != "authorization") return false;
    return place.words.empty() ||
           std::ranges::any_of(place.words, [value](const std::string& word) { return is_of(value, word); });
  });
}

}  // namespace

Verdict<Authorization> read_authorization(const Reading& reading, std::span<const std::string_view> words) {
  const http::Header* found = nullptr;
  for (const http::Header& header : reading.exchange.head->headers) {
    if (header.field != http::Field::kAuthorization) continue;
    if (found != nullptr) {
      return refuse_credential(Reason::kCredentialRepeated, "more than one Authorization header");
    }
    found = &header;
  }
  if (found == nullptr) return Authorization();
  const std::string_view value = found->value;
  const auto word = std::ranges::find_if(words, [value](std::string_view one) { return is_of(value, one); });
  if (word == words.end()) {
    if (is_read_elsewhere(reading, value)) return Authorization();
    return refuse_credential(Reason::kCredentialMalformed,
                             "Authorization is of a scheme that the operation does not take");
  }
  const std::string_view credential =
      value.substr(std::min(value.find_first_not_of(' ', word->size()), value.size()));
  if (credential.empty()) {
    return refuse_credential(Reason::kCredentialMalformed, "Authorization holds no credential");
  }
  return Authorization{*word, credential};
}

}  // namespace caponier::stages
