// HTTP/1.1 decoding (RFC 9112), strict and without I/O: bytes in, head and body pieces out, count consumed.
// It is a security boundary: what two implementations could read in two ways is refused. See body_length.h
// for framing.
//
//            feed                    end of head                 feed_body
//   [idle] ───────▶ [head partial] ───────────────▶ [body] ─────────────────▶ [complete] ──begin()──▶ [idle]
//                        │ DecodeError                 │ DecodeError
//                        ▼                             ▼
//                     [failed]                      [failed]   (a failed connection is closed after one
//                     answer)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "http/decode_error.h"
#include "http/head_scan.h"
#include "http/message.h"

namespace caponier::http {

// Decodes one request head. The caller keeps all bytes of the head contiguous and in place while the head is
// used; the buffer may move between two feed() calls that return kNeedMore.
class RequestDecoder {
 public:
  explicit RequestDecoder(const HttpLimits& limits) : limits_(&limits) { headers_.reserve(32); }

  // Forget the last message.
  void begin();
  // The same, and the next one is bounded by `limits`, which outlive it.
  void begin(const HttpLimits& limits) {
    limits_ = &limits;
    begin();
  }
  // `bytes` is everything received since begin(), from its first byte. Resumes where it left off; an error
  // stays.
  Result<HeadStatus, DecodeError> feed(std::string_view bytes);
  // After kComplete: the head (views `bytes` of that call) and how many bytes it took.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  [[nodiscard]] std::size_t head_bytes() const { return scan_.head_bytes(); }

 private:
  std::optional<DecodeError> finish(std::string_view bytes);
  std::optional<DecodeError> judge_target(const Header* host);
  Err<DecodeError> fail(DecodeError error);

  const HttpLimits* limits_;
  RequestHead head_;
  std::vector<Header> headers_;
  HeadScan scan_;
  const char* line_base_ = nullptr;  // where the bytes were when the request line was parsed
  std::optional<DecodeError> failed_;
};

class ResponseDecoder {
 public:
  explicit ResponseDecoder(const HttpLimits& limits) : limits_(&limits) { headers_.reserve(32); }
  // `request` decides about bodies: HEAD has none. `upgrade`: another protocol was asked for, so that a 101
  // may come; otherwise nobody may grant one.
  void begin(Method request, bool upgrade = false);
  Result<HeadStatus, DecodeError> feed(std::string_view bytes);
  [[nodiscard]] const ResponseHead& head() const { return head_; }
  [[nodiscard]] std::size_t head_bytes() const { return scan_.head_bytes(); }

 private:
  std::optional<DecodeError> finish(std::string_view bytes);
  Err<DecodeError> fail(DecodeError error);

  const HttpLimits* limits_;
  Method request_ = Method::kGet;
  bool upgrade_ = false;
  ResponseHead head_;
  std::vector<Header> headers_;
  HeadScan scan_;
  std::optional<DecodeError> failed_;
};

// Takes a body out of its framing, in place.
class BodyDecoder {
 public:
  BodyDecoder() = default;
  BodyDecoder(BodyLength length, const HttpLimits& limits);

  struct Piece {
    std::size_t consumed = 0;  // bytes of the input that are done with
    std::string_view data;     // body bytes, a view of the input; may be empty
  };
  // Takes at most one run of body bytes from the front of `bytes`. Call again with the rest until nothing is
  // consumed or complete(). Trailers are read as strictly as headers, bounded, and kept in trailers().
  Result<Piece, DecodeError> feed(std::string_view bytes);
  [[nodiscard]] bool complete() const { return state_ == State::kDone; }
  // How many body bytes come next for sure, of this chunk or of the body; what follows them is not the
  // body's.
  [[nodiscard]] std::uint64_t owed() const {
    return state_ == State::kData || state_ == State::kChunkData ? left_ : 0;
  }
  // The trailer section's lines, each with its CRLF; see trailers.h.
  [[nodiscard]] const std::string& trailers() const { return trailers_; }
  // The peer closed: true if that is a legal end (kUntilClose).
  bool finish_on_close();

 private:
  enum class State : std::uint8_t {
    kData,
    kChunkSize,  // digits, up to CR
    kChunkSizeLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailerStart,  // a trailer line, or the CR of the empty line that ends the message
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kUntilClose,
    kDone,
    kFailed,
  };
  std::optional<DecodeError> step(char c);
  std::optional<DecodeError> step_size(char c);
  std::optional<DecodeError> step_trailer(char c);
  bool expect(char c, char wanted, State next);

  State state_ = State::kDone;
  DecodeError failed_ = DecodeError::kChunk;
  std::uint64_t left_ = 0;  // bytes of this chunk, or of the body
  std::uint32_t size_digits_ = 0;
  std::uint32_t trailer_bytes_max_ = 0;
  std::string trailers_;
};

}  // namespace caponier::http
