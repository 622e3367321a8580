#include "upstream/http_client.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "http/field_lists.h"
#include "http/h1_decoder.h"
#include "http/media_type.h"

namespace caponier::upstream {
namespace {

constexpr std::uint64_t kFreshMaxS = 366ULL * 24 * 3600;

using Opened = Result<std::unique_ptr<net::Stream>, FetchFailure>;

net::Task<Opened> open_guarded(net::Network& network, const JsonRequest& request) {
  const uri::Url& url = request.url;
  std::vector<net::Address> addresses;
  if (auto literal = net::parse_address(url.host, url.port)) {
    addresses.push_back(*literal);
  } else {
    auto resolved = co_await network.resolve(url.host, url.port, request.deadline_ms);
    if (!resolved) co_return Err(FetchFailure{FetchError::kUnreachable, url.host + ": " + resolved.error()});
    addresses = std::move(*resolved);
  }
  FetchFailure why{FetchError::kUnreachable, url.host + " has no address"};
  for (const net::Address& address : addresses) {
    if (address.is_internal() && !request.allow_internal_addresses) {
      why = {FetchError::kAddress,
             url.host + " leads to the internal address " + address.host_text() +
                 ", which is refused unless allow_internal_addresses is set for the issuer"};
      continue;
    }
    auto stream = co_await network.connect(address, request.deadline_ms);
    if (!stream) {
      why = {FetchError::kUnreachable, address.text() + ": " + stream.error()};
      continue;
    }
    if (!url.https) co_return std::move(*stream);
    auto secured = co_await tls::connect(std::move(*stream), request.tls, url.host, request.deadline_ms);
    if (!secured)
      co_return Err(FetchFailure{FetchError::kTls, address.text() + ": TLS: " + secured.error().detail});
    co_return std::move(*secured);
  }
  co_return Err(std::move(why));
}

std::optional<FetchFailure> judge_head(const http::ResponseHead& head, bool any_answer) {
  if (head.status >= 300 && head.status < 400)
    return FetchFailure{FetchError::kRedirect, "answered with a redirect, which is not followed"};
  const bool speaks = any_answer && (head.status / 100 == 2 || head.status / 100 == 4);
  if (speaks) return std::nullopt;
  if (head.status != 200)
    return FetchFailure{FetchError::kStatus, "answered with status " + std::to_string(head.status)};
  const http::Header* type = head.find(http::Field::kContentType);
  const auto media_type = type ? http::parse_media_type(type->value) : std::nullopt;
  if (!media_type || !http::is_json(*media_type))
    return FetchFailure{FetchError::kType, "answered with something that is not JSON"};
  return std::nullopt;
}

// RFC 9111 section 5.2.2. Whoever may not keep it is asked again as soon as it makes sense.
std::optional<std::int64_t> freshness_of(const http::ResponseHead& head) {
  std::optional<std::int64_t> fresh_s;
  http::any_item(head.headers, "cache-control", [&fresh_s](std::string_view directive) {
    constexpr std::string_view kMaxAge = "max-age=";
    if (equals_ignore_case(directive, "no-store") || equals_ignore_case(directive, "no-cache")) fresh_s = 0;
    const bool is_max_age =
        directive.size() > kMaxAge.size() && equals_ignore_case(directive.substr(0, kMaxAge.size()), kMaxAge);
    const auto seconds =
        is_max_age ? parse_decimal(directive.substr(kMaxAge.size())) : std::optional<std::uint64_t>();
    if (seconds && *seconds <= kFreshMaxS && !fresh_s) fresh_s = static_cast<std::int64_t>(*seconds);
    return false;
  });
  const http::Header* const age = head.find("age");
  const auto seconds = age != nullptr ? parse_decimal(age->value) : std::nullopt;
  if (fresh_s && seconds && *seconds <= kFreshMaxS)
    fresh_s = std::max<std::int64_t>(0, *fresh_s - static_cast<std::int64_t>(*seconds));
  return fresh_s;
}

FetchFailure broken_off(net::IoStatus status, const char* otherwise) {
  if (status == net::IoStatus::kTimedOut) return {FetchError::kTimeout, "timed out"};
  return {FetchError::kProtocol, otherwise};
}

// Reads until the head is whole; leaves what follows it in `received`.
net::Task<std::optional<FetchFailure>> read_head(net::Stream& stream, const JsonRequest& request,
                                                 http::ResponseDecoder& decoder, std::string& received) {
  char block[4096];
  for (;;) {
    const auto read = co_await stream.read(block, sizeof block, request.deadline_ms);
    if (!read.ok()) co_return broken_off(read.status, "closed before its answer was complete");
    received.append(block, read.bytes);
    const auto status = decoder.feed(received);
    if (!status) {
      co_return FetchFailure{FetchError::kProtocol, "answered with malformed HTTP (" +
                                                        std::string(http::name(status.error())) + ")"};
    }
    if (*status == http::HeadStatus::kComplete) co_return std::nullopt;
  }
}

// Takes the body out of `received`, and reads what is missing of it.
net::Task<Result<std::string, FetchFailure>> read_body(net::Stream& stream, const JsonRequest& request,
                                                       http::BodyDecoder decoder, std::string& received) {
  std::string body;
  char block[4096];
  for (;;) {
    std::size_t at = 0;
    while (!decoder.complete()) {
      auto piece = decoder.feed(std::string_view(received).substr(at));
      if (!piece) co_return Err(FetchFailure{FetchError::kProtocol, "answered with malformed HTTP"});
      if (piece->consumed == 0) break;
      at += piece->consumed;
      body.append(piece->data);
      if (body.size() > request.bytes_max) {
        co_return Err(FetchFailure{
            FetchError::kSize, "answered with more than " + std::to_string(request.bytes_max) + " bytes"});
      }
    }
    received.erase(0, at);
    if (decoder.complete()) co_return body;
    const auto read = co_await stream.read(block, sizeof block, request.deadline_ms);
    if (read.status == net::IoStatus::kClosed && decoder.finish_on_close()) co_return body;
    if (!read.ok()) co_return Err(broken_off(read.status, "closed before its answer was complete"));
    received.append(block, read.bytes);
  }
}

KeptConnections::Peer peer_of(const JsonRequest& request) {
  return {(request.url.https ? "https://" : "http://") + request.url.authority(), request.tls};
}

std::string text_of(const JsonRequest& request) {
  std::string text = request.post ? "POST " : "GET ";
  text += request.url.path;
  if (!request.url.query.empty()) text += "?" + request.url.query;
  text += " HTTP/1.1\r\nHost: " + request.url.authority() +
          "\r\nAccept: " + (request.post ? request.post->accept : "application/json") +
          "\r\nUser-Agent: caponier\r\n" + (request.connections ? "" : "Connection: close\r\n");
  if (!request.post) return text + "\r\n";
  if (!request.post->authorization.empty()) text += "Authorization: " + request.post->authorization + "\r\n";
  return text + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
         std::to_string(request.post->form.size()) + "\r\n\r\n" + request.post->form;
}

// What came, and on what; `spoke`: at least a byte did.
struct Exchanged {
  Result<JsonAnswer, FetchFailure> answer;
  bool spoke = false;
  bool keep = false;  // the connection may be used again
};

net::Task<Exchanged> exchange(net::Stream& stream, const JsonRequest& request) {
  const std::string text = text_of(request);
  const auto sent = co_await stream.write(text, {}, request.deadline_ms);
  if (!sent.ok()) co_return {Err(broken_off(sent.status, "closed while the request was sent"))};

  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  decoder.begin(request.post ? http::Method::kPost : http::Method::kGet);
  std::string received;
  if (auto failure = co_await read_head(stream, request, decoder, received))
    co_return {Err(std::move(*failure)), !received.empty()};
  const http::ResponseHead& head = decoder.head();
  if (auto failure = judge_head(head, request.any_answer)) co_return {Err(std::move(*failure)), true};
  JsonAnswer answer;
  answer.status = head.status;
  answer.fresh_s = freshness_of(head);
  http::BodyDecoder body_decoder(head.body, limits);
  const bool keep = head.keep_alive && head.body.kind != http::BodyKind::kUntilClose;
  received.erase(0, decoder.head_bytes());
  auto body = co_await read_body(stream, request, std::move(body_decoder), received);
  if (!body) co_return {Err(body.error()), true};
  answer.body = std::move(*body);
  co_return {std::move(answer), true, keep && received.empty()};
}

// On a connection that was kept, if there is one that its server has not ended.
net::Task<Result<JsonAnswer, FetchFailure>> exchange_kept_or_fresh(net::Network& network,
                                                                   const JsonRequest& request) {
  KeptConnections* const connections = request.connections.get();
  if (auto kept = connections != nullptr ? connections->take(peer_of(request)) : nullptr) {
    auto exchanged = co_await exchange(*kept, request);
    if (exchanged.keep) connections->keep(peer_of(request), std::move(kept));
    const bool late = !exchanged.answer && exchanged.answer.error().error == FetchError::kTimeout;
    if (exchanged.answer || exchanged.spoke || late) co_return std::move(exchanged.answer);
  }
  auto fresh = co_await open_guarded(network, request);
  if (!fresh) co_return Err(fresh.error());
  auto exchanged = co_await exchange(**fresh, request);
  if (exchanged.keep && connections != nullptr) connections->keep(peer_of(request), std::move(*fresh));
  co_return std::move(exchanged.answer);
}

}  // namespace

net::Task<Result<JsonAnswer, FetchFailure>> fetch_json(net::Network& network, JsonRequest request) {
  auto answer = co_await exchange_kept_or_fresh(network, request);
  if (answer) co_return answer;
  FetchFailure failure = answer.error();
  failure.detail.insert(0, request.url.text() + ": ");
  co_return Err(std::move(failure));
}

}  // namespace caponier::upstream
