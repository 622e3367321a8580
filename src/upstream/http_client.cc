#include "upstream/http_client.h"

#include <utility>

#include "http/h1_decoder.h"
#include "http/media_type.h"

namespace caponier::upstream {
namespace {

using Text = Result<std::string, std::string>;

net::Task<Result<std::unique_ptr<net::Stream>, std::string>> open_guarded(net::Network& network,
                                                                          const GetRequest& request) {
  const uri::Url& url = request.url;
  std::vector<net::Address> addresses;
  if (auto literal = net::parse_address(url.host, url.port)) {
    addresses.push_back(*literal);
  } else {
    auto resolved = co_await network.resolve(url.host, url.port, request.deadline_ms);
    if (!resolved) co_return Err(url.host + ": " + resolved.error());
    addresses = std::move(*resolved);
  }
  std::string why = url.host + " has no address";
  for (const net::Address& address : addresses) {
    if (address.is_internal() && !request.allow_internal_addresses) {
      why = url.host + " leads to the internal address " + address.host_text() +
            ", which is refused unless allow_internal_addresses is set for the issuer";
      continue;
    }
    auto stream = co_await network.connect(address, request.deadline_ms);
    if (!stream) {
      why = address.text() + ": " + stream.error();
      continue;
    }
    if (!url.https) co_return std::move(*stream);
    auto secured = co_await tls::connect(std::move(*stream), request.tls, url.host, request.deadline_ms);
    if (!secured) co_return Err(address.text() + ": TLS: " + secured.error().detail);
    co_return std::move(*secured);
  }
  co_return Err(std::move(why));
}

std::string judge_head(const http::ResponseHead& head) {
  if (head.status >= 300 && head.status < 400) return "answered with a redirect, which is not followed";
  if (head.status != 200) return "answered with status " + std::to_string(head.status);
  const http::Header* type = head.find(http::Field::kContentType);
  const auto media_type = type ? http::parse_media_type(type->value) : std::nullopt;
  if (!media_type || !http::is_json(*media_type)) return "answered with something that is not JSON";
  return {};
}

// Reads until the head is whole; leaves what follows it in `received`.
net::Task<std::string> read_head(net::Stream& stream, const GetRequest& request,
                                 http::ResponseDecoder& decoder, std::string& received) {
  char block[4096];
  for (;;) {
    const auto read = co_await stream.read(block, sizeof block, request.deadline_ms);
    if (!read.ok())
      co_return read.status == net::IoStatus::kTimedOut ? "timed out"
                                                        : "closed before its answer was complete";
    received.append(block, read.bytes);
    const auto status = decoder.feed(received);
    if (!status) co_return "answered with malformed HTTP (" + std::string(http::name(status.error())) + ")";
    if (*status == http::HeadStatus::kComplete) co_return std::string();
  }
}

}  // namespace

net::Task<Text> get_json(net::Network& network, GetRequest request) {
  const std::string place = request.url.text();
  auto stream = co_await open_guarded(network, request);
  if (!stream) co_return Err(place + ": " + stream.error());
  const std::string query = request.url.query.empty() ? "" : "?" + request.url.query;
  const std::string head =
      "GET " + request.url.path + query + " HTTP/1.1\r\nHost: " + request.url.authority() +
      "\r\nAccept: application/json\r\nUser-Agent: caponier\r\nConnection: close\r\n\r\n";
  const auto sent = co_await (*stream)->write(head, {}, request.deadline_ms);
  if (!sent.ok()) co_return Err(place + ": closed while the request was sent");

  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  decoder.begin(http::Method::kGet);
  std::string received;
  if (auto why = co_await read_head(**stream, request, decoder, received); !why.empty())
    co_return Err(place + ": " + why);
  if (auto why = judge_head(decoder.head()); !why.empty()) co_return Err(place + ": " + why);

  http::BodyDecoder body_decoder(decoder.head().body, limits);
  received.erase(0, decoder.head_bytes());
  std::string body;
  char block[4096];
  for (;;) {
    std::size_t at = 0;
    while (!body_decoder.complete()) {
      auto piece = body_decoder.feed(std::string_view(received).substr(at));
      if (!piece) co_return Err(place + ": answered with malformed HTTP");
      if (piece->consumed == 0) break;
      at += piece->consumed;
      body.append(piece->data);
      if (body.size() > request.bytes_max)
        co_return Err(place + ": answered with more than " + std::to_string(request.bytes_max) + " bytes");
    }
    received.erase(0, at);
    if (body_decoder.complete()) co_return body;
    const auto read = co_await (*stream)->read(block, sizeof block, request.deadline_ms);
    if (read.status == net::IoStatus::kClosed && body_decoder.finish_on_close()) co_return body;
    if (!read.ok()) co_return Err(place + ": closed before its answer was complete");
    received.append(block, read.bytes);
  }
}

}  // namespace caponier::upstream
