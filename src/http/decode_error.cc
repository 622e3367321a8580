#include "http/h1_decoder.h"

namespace caponier::http {

std::string_view name(DecodeError error) {
  switch (error) {
    case DecodeError::kRequestLine:
      return "request-line";
    case DecodeError::kMethod:
      return "method";
    case DecodeError::kTarget:
      return "target";
    case DecodeError::kVersion:
      return "version";
    case DecodeError::kHeaderName:
      return "header-name";
    case DecodeError::kHeaderValue:
      return "header-value";
    case DecodeError::kObsoleteFolding:
      return "obsolete-folding";
    case DecodeError::kBareLineFeed:
      return "bare-line-feed";
    case DecodeError::kBareCarriageReturn:
      return "bare-carriage-return";
    case DecodeError::kHostMissing:
      return "host-missing";
    case DecodeError::kHostRepeated:
      return "host-repeated";
    case DecodeError::kHostBad:
      return "host-bad";
    case DecodeError::kContentLengthBad:
      return "content-length-bad";
    case DecodeError::kLengthConflict:
      return "length-conflict";
    case DecodeError::kTransferEncodingBad:
      return "transfer-encoding-bad";
    case DecodeError::kChunk:
      return "chunk";
    case DecodeError::kTrailer:
      return "trailer";
    case DecodeError::kRequestLineTooLong:
      return "request-line-too-long";
    case DecodeError::kHeaderTooLong:
      return "header-too-long";
    case DecodeError::kHeadTooLong:
      return "head-too-long";
    case DecodeError::kTooManyHeaders:
      return "too-many-headers";
    case DecodeError::kStatusLine:
      return "status-line";
    case DecodeError::kUpgradeUnsupported:
      return "upgrade-unsupported";
    case DecodeError::kExpectUnsupported:
      return "expect-unsupported";
    case DecodeError::kPseudoHeader:
      return "pseudo-header";
    case DecodeError::kConnectionHeader:
      return "connection-header";
  }
  return "";
}

std::uint16_t status_for(DecodeError error) {
  switch (error) {
    case DecodeError::kRequestLineTooLong:
      return 414;
    case DecodeError::kExpectUnsupported:
      return 417;
    case DecodeError::kHeaderTooLong:
    case DecodeError::kHeadTooLong:
    case DecodeError::kTooManyHeaders:
      return 431;
    // RFC 9112 section 6.1: a transfer coding that is not understood.
    case DecodeError::kTransferEncodingBad:
    case DecodeError::kUpgradeUnsupported:
      return 501;
    case DecodeError::kVersion:
      return 505;
    default:
      return 400;
  }
}

}  // namespace caponier::http
