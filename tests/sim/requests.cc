// The requests that simulated clients send, with what is due to each.
#include "http/h1_encoder.h"
#include "sim/api.h"
#include "sim/client.h"
#include "sim/upstream.h"

namespace caponier::sim {
namespace {

std::string head_of(std::string_view method, std::string_view target, std::uint32_t id,
                    std::string_view token) {
  std::string head(method);
  head.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: sim/");
  head.append(std::to_string(id)).append("\r\n");
  if (!token.empty()) head.append("Authorization: Bearer ").append(token).append("\r\n");
  return head;
}

Request refused(Request request, std::uint16_t status) {
  request.allowed = false;
  request.status = status;
  return request;
}

std::string chunked_body(std::string_view body, std::size_t chunk_bytes) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    const std::string_view piece = body.substr(at, chunk_bytes);
    http::append_chunk_head(out, piece.size());
    out.append(piece).append("\r\n");
  }
  http::append_last_chunk(out);
  return out;
}

void add_body(Request& request, std::string_view body, bool chunked, std::size_t chunk_bytes) {
  if (chunked) {
    request.bytes += "Transfer-Encoding: chunked\r\n\r\n";
    request.bytes += chunked_body(body, chunk_bytes);
  } else {
    http::append_content_length(request.bytes, body.size());
    request.bytes.append("\r\n").append(body);
  }
  request.upstream_body = body;
}

Request bare(std::uint32_t id, std::string_view method, const std::string& target, std::string_view token,
             std::string_view headers = {}) {
  Request request;
  request.id = id;
  request.method = method;
  request.bytes = head_of(method, target, id, token).append(headers).append("\r\n");
  request.upstream_target = target;
  return request;
}

Request undecodable(Dice& dice, std::uint32_t id) {
  static constexpr std::string_view kBad[] = {"Bad Header: x\r\n", "A: b\r\n folded\r\n", "A : b\r\n",
                                              "Host: again\r\n",
                                              "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"};
  Request request = bare(id, "GET", "/v1/open/" + std::to_string(id), "", kBad[dice.below(std::size(kBad))]);
  request = refused(std::move(request), 400);
  request.decodable = false;
  request.may_close = true;
  return request;
}

Request refused_request(Dice& dice, std::uint32_t id) {
  const std::string number = std::to_string(id);
  switch (dice.below(8)) {
    case 0:
      return refused(get_thing(id, ""), 401);
    case 1:
      return refused(get_thing(id, dice.chance(50) ? api().expired : api().forged), 401);
    case 2:
      return refused(get_thing(id, api().poor), 403);
    case 3:
      return refused(bare(id, "GET", "/v1/nothing/" + number, api().good), 404);
    case 4:
      return refused(bare(id, "GET", "/v1/things/" + number + "?bad=1", api().good), 400);
    case 5:
      return refused(
          post_thing(id, api().good, R"({"id":)" + number + R"(,"isAdmin":true})", dice.chance(50)), 400);
    case 6: {
      Request large = refused(post_thing(id, api().good, thing(id, kJsonBytesMax + 1), dice.chance(50)), 413);
      large.may_close = true;
      return large;
    }
    default: {
      // Refused before its body is looked at.
      Request unasked = refused(put_file(dice, id, "", 1 + dice.below(30'000), dice.chance(50)), 401);
      unasked.may_close = true;
      return unasked;
    }
  }
}

}  // namespace

Request get_thing(std::uint32_t id, std::string_view token, std::size_t size) {
  const std::string query = size == 0 ? "" : "?size=" + std::to_string(size);
  return bare(id, "GET", "/v1/things/" + std::to_string(id) + query, token,
              "Caponier-Subject: mallory\r\nX-Forwarded-For: 1.2.3.4\r\nCookie: a=b\r\n");
}

Request open_feed(std::uint32_t id, std::string_view token) {
  Request request = bare(id, "GET", "/v1/feeds/" + std::to_string(id), token,
                         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  request.status = 101;
  request.may_close = true;
  return request;
}

Request post_thing(std::uint32_t id, std::string_view token, std::string_view body, bool chunked) {
  Request request;
  request.id = id;
  request.method = "POST";
  request.upstream_target = "/v1/things";
  request.bytes = head_of("POST", "/v1/things", id, token) + "Content-Type: application/json\r\n";
  add_body(request, body, chunked, 100);
  // A chunked body of a refused request may be unread.
  request.may_close = chunked;
  return request;
}

Request put_file(Dice& dice, std::uint32_t id, std::string_view token, std::size_t bytes, bool chunked) {
  Request request;
  request.id = id;
  request.method = "PUT";
  request.upstream_target = "/v1/files/" + std::to_string(id);
  request.bytes =
      head_of("PUT", request.upstream_target, id, token) + "Content-Type: application/octet-stream\r\n";
  const bool expects = dice.chance(30);
  if (expects) request.bytes += "Expect: 100-continue\r\n";
  std::string body = thing(id, bytes);
  body.resize(bytes);
  const std::size_t before = request.bytes.size();
  add_body(request, body, chunked, 1 + dice.below(5000));
  if (expects) request.head_bytes = request.bytes.find("\r\n\r\n", before - 2) + 4;
  if (expects) request.may_close = true;
  return request;
}

Request make_request(Dice& dice, std::uint32_t id) {
  const std::string number = std::to_string(id);
  switch (dice.below(10)) {
    case 0:
    case 1:
      return get_thing(id, api().good, dice.below(60'000));
    case 2:
      return bare(id, dice.chance(50) ? "HEAD" : "DELETE", "/v1/things/" + number, api().good);
    case 3:
      return bare(id, "GET", "/v1/open/" + number, "");
    case 4:
    case 5:
      return post_thing(id, api().good, thing(id, dice.below(kJsonBytesMax)), dice.chance(50));
    case 6:
      return put_file(dice, id, api().good, 1 + dice.below(kFileBytesMax), dice.chance(50));
    case 7: {
      Request cut = dice.chance(50) ? put_file(dice, id, api().good, 1 + dice.below(50'000), dice.chance(50))
                                    : post_thing(id, api().good, thing(id, 900), dice.chance(50));
      cut.head_bytes = 0;
      cut.sent_bytes = dice.below(cut.bytes.size());
      cut.may_close = true;
      return cut;
    }
    case 8:
      if (dice.chance(20)) return undecodable(dice, id);
      [[fallthrough]];
    default:
      return refused_request(dice, id);
  }
}

}  // namespace caponier::sim
