#include <array>

#include "http/message.h"

namespace caponier::http {
namespace {

struct Phrase {
  std::uint16_t status;
  std::string_view text;
};

// RFC 9110 section 15 and the registered statuses of RFC 2518, 4918, 5842, 6585, 7725, 8297, 8470.
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

constexpr std::uint16_t kStatusFirst = 100;
constexpr std::size_t kStatusCount = 500;

constexpr std::array<std::uint8_t, kStatusCount> make_index() {
  std::array<std::uint8_t, kStatusCount> index{};
  std::uint8_t at = 0;
  for (const Phrase& phrase : kPhrases) index[phrase.status - kStatusFirst] = ++at;
  return index;
}
constexpr std::array<std::uint8_t, kStatusCount> kIndex = make_index();  // 0: none

}  // namespace

std::string_view reason_phrase(std::uint16_t status) {
  if (status < kStatusFirst || status >= kStatusFirst + kStatusCount) return "";
  const std::uint8_t index = kIndex[status - kStatusFirst];
  return index == 0 ? std::string_view{} : kPhrases[index - 1].text;
}

}  // namespace caponier::http
