// HTTP/1.1 decoding (RFC 9112), strict and without I/O: bytes in, head and body pieces out, count consumed. It is
// a security boundary: what two implementations could read in two ways is refused. See body_length.h for framing.
//
//            feed                    end of head                 feed_body
//   [idle] ───────▶ [head partial] ───────────────▶ [body] ─────────────────▶ [complete] ──begin()──▶ [idle]
//                        │ DecodeError                 │ DecodeError
//                        ▼                             ▼
//                     [failed]                      [failed]   (a failed connection is closed after one answer)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace caponier::http {

enum class DecodeError : std::uint8_t {
  kRequestLine,         // not METHOD SP TARGET SP VERSION CRLF
  kMethod,
  kTarget,              // forbidden byte, or a form that is not served (authority, asterisk)
  kVersion,             // not HTTP/1.0 or HTTP/1.1
  kHeaderName,          // empty, or not a token; whitespace before the colon
  kHeaderValue,         // control character, NUL, bare CR
  kObsoleteFolding,
  kBareLineFeed,
  kBareCarriageReturn,
  kHostMissing,
  kHostRepeated,
  kHostBad,
  kContentLengthBad,    // not digits, overflow, list, repeated
  kLengthConflict,      // Content-Length with Transfer-Encoding
  kTransferEncodingBad, // anything but exactly "chunked", once, in HTTP/1.1
  kChunk,               // size line, extension, terminator
  kTrailer,
  kRequestLineTooLong,
  kHeaderTooLong,
  kHeadTooLong,
  kTooManyHeaders,
  kStatusLine,
  kUpgradeUnsupported,
  kExpectUnsupported,   // Expect other than 100-continue
};
std::string_view name(DecodeError error);
// Status to answer with: 400, 414, 417, 431, 501, 505.
std::uint16_t status_for(DecodeError error);

enum class HeadStatus : std::uint8_t { kNeedMore, kComplete };

// Decodes one request head. The caller keeps all bytes of the head contiguous and in place while the head is
// used; the buffer may move between two feed() calls that return kNeedMore.
class RequestDecoder {
 public:
  explicit RequestDecoder(const HttpLimits& limits) : limits_(&limits) { headers_.reserve(32); }

  // Forget the last message.
  void begin();
  // `bytes` is everything received since begin(), from its first byte. Resumes where it left off.
  Result<HeadStatus, DecodeError> feed(std::string_view bytes);
  // After kComplete: the head (views `bytes` of that call) and how many bytes it took.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }

 private:
  const HttpLimits* limits_;
  RequestHead head_;
  std::vector<Header> headers_;
  std::size_t head_bytes_ = 0;
  std::size_t scanned_ = 0;  // bytes already searched for the end of the head
};

class ResponseDecoder {
 public:
  explicit ResponseDecoder(const HttpLimits& limits) : limits_(&limits) { headers_.reserve(32); }
  // `request` decides about bodies: HEAD has none.
  void begin(Method request);
  Result<HeadStatus, DecodeError> feed(std::string_view bytes);
  [[nodiscard]] const ResponseHead& head() const { return head_; }
  [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }

 private:
  const HttpLimits* limits_;
  Method request_ = Method::kGet;
  ResponseHead head_;
  std::vector<Header> headers_;
  std::size_t head_bytes_ = 0;
  std::size_t scanned_ = 0;
};

// Takes a body out of its framing, in place.
class BodyDecoder {
 public:
  BodyDecoder() = default;
  BodyDecoder(BodyLength length, const HttpLimits& limits);

  struct Piece {
    std::size_t consumed = 0;      // bytes of the input that are done with
    std::string_view data;         // body bytes, a view of the input; may be empty
  };
  // Takes at most one run of body bytes from the front of `bytes`. Call again with the rest until nothing is
  // consumed or complete(). Trailers are read, bounded and dropped.
  Result<Piece, DecodeError> feed(std::string_view bytes);
  [[nodiscard]] bool complete() const { return state_ == State::kDone; }
  // The peer closed: true if that is a legal end (kUntilClose).
  bool finish_on_close();

 private:
  enum class State : std::uint8_t { kData, kChunkSize, kChunkData, kChunkEnd, kTrailer, kUntilClose, kDone };
  State state_ = State::kDone;
  std::uint64_t left_ = 0;
  std::uint32_t line_bytes_ = 0;
  std::uint32_t trailer_bytes_ = 0;
  bool saw_digit_ = false;
  bool saw_cr_ = false;
  HttpLimits limits_{};
};

}  // namespace caponier::http
