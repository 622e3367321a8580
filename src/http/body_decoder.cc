#include <algorithm>

#include "base/bytes.h"
#include "base/canary.h"
#include "http/characters.h"
#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

constexpr std::uint32_t kSizeDigitsMax = 16;  // 64 bits

}  // namespace

BodyDecoder::BodyDecoder(BodyLength length, const HttpLimits& limits)
    : trailer_bytes_max_(limits.trailer_bytes_max) {
  switch (length.kind) {
    case BodyKind::kNone:
      break;
    case BodyKind::kLength:
      left_ = length.bytes;
      if (left_ != 0) state_ = State::kData;
      break;
    case BodyKind::kChunked:
      state_ = State::kChunkSize;
      break;
    case BodyKind::kUntilClose:
      state_ = State::kUntilClose;
      break;
  }
}

Result<BodyDecoder::Piece, DecodeError> BodyDecoder::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    switch (state_) {
      case State::kDone:
        return Piece{at, {}};
      case State::kFailed:
        return Err(failed_);
      case State::kUntilClose:
        return Piece{bytes.size(), bytes};
      case State::kData:
      case State::kChunkData: {
        const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
        left_ -= take;
        if (left_ == 0) state_ = state_ == State::kData ? State::kDone : State::kChunkDataCr;
        return Piece{at + take, bytes.substr(at, take)};
      }
      default:
        if (const auto error = step(bytes[at])) {
          state_ = State::kFailed;
          failed_ = *error;
          return Err(failed_);
        }
        ++at;
    }
  }
  return Piece{at, {}};
}

bool BodyDecoder::expect(char c, char wanted, State next) {
  state_ = next;
  return c == wanted;
}

// RFC 9112 section 7.1: one byte of the framing.
std::optional<DecodeError> BodyDecoder::step(char c) {
  bool ok = true;
  switch (state_) {
    case State::kChunkSize:
      return step_size(c);
    case State::kChunkSizeLf:
      ok = expect(c, '\n', left_ == 0 ? State::kTrailerStart : State::kChunkData);
      break;
    case State::kChunkDataCr:
      ok = expect(c, '\r', State::kChunkDataLf);
      break;
    case State::kChunkDataLf:
      ok = expect(c, '\n', State::kChunkSize);
      break;
    default:
      return step_trailer(c);
  }
  if (!ok) return DecodeError::kChunk;
  return std::nullopt;
}

// Extensions are refused: peers disagree about where they end, and nobody uses them.
std::optional<DecodeError> BodyDecoder::step_size(char c) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (size_digits_ == kSizeDigitsMax && !canary("chunk-size-overflow")) return DecodeError::kChunk;
    ++size_digits_;
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return std::nullopt;
  }
  if (c != '\r' || size_digits_ == 0) return DecodeError::kChunk;
  size_digits_ = 0;
  state_ = State::kChunkSizeLf;
  return std::nullopt;
}

// Trailer fields are read as strictly as headers; what becomes of them is for others to say.
std::optional<DecodeError> BodyDecoder::step_trailer(char c) {
  bool ok = true;
  switch (state_) {
    case State::kTrailerStart:
      if (c == '\r') {
        state_ = State::kLastLf;
        return std::nullopt;
      }
      ok = is_class(c, kTokenCharacter);
      state_ = State::kTrailerName;
      break;
    case State::kTrailerName:
      if (c == ':') {
        state_ = State::kTrailerValue;
      } else {
        ok = is_class(c, kTokenCharacter);
      }
      break;
    case State::kTrailerValue:
      if (c == '\r') {
        state_ = State::kTrailerLf;
      } else {
        ok = !is_control(c) || c == '\t';
      }
      break;
    case State::kTrailerLf:
      ok = expect(c, '\n', State::kTrailerStart);
      break;
    case State::kLastLf:
      ok = expect(c, '\n', State::kDone);
      return ok ? std::nullopt : std::optional(DecodeError::kTrailer);
    default:
      return DecodeError::kChunk;
  }
  if (!ok || trailers_.size() == trailer_bytes_max_) return DecodeError::kTrailer;
  trailers_ += c;
  return std::nullopt;
}

bool BodyDecoder::finish_on_close() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  return state_ == State::kDone;
}

}  // namespace caponier::http
