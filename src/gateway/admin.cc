#include "gateway/admin.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "gateway/identity_admin.h"
#include "gateway/json_request.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"
#include "http/message.h"

namespace caponier::gateway {
namespace {

AdminAnswer problem(std::uint16_t status, std::string_view detail) {
  return {status, "application/json", "{\"error\":\"" + std::string(detail) + "\"}\n"};
}

// `names`: of the listener's certificates; null: it has none.
bool is_own_name(std::string_view authority, const ServerNames* names) {
  std::string_view host = authority.substr(0, authority.rfind(':'));
  if (authority.ends_with(']') || authority.find(':') == std::string_view::npos) host = authority;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost" || net::parse_address(host, 0).has_value()) return true;
  return names != nullptr && names->covers(host);
}

bool of_a_web_page(const http::RequestHead& head) {
  return std::ranges::any_of(head.headers, [](const http::Header& header) {
    return equals_ignore_case(header.name, "origin") || equals_ignore_case(header.name, "sec-fetch-site");
  });
}

// RFC 6750, section 2.1.
bool has_token(const http::RequestHead& head, std::string_view token) {
  constexpr std::string_view kBearer = "Bearer ";
  const http::Header* header = head.find(http::Field::kAuthorization);
  return !token.empty() && header != nullptr && header->value.starts_with(kBearer) &&
         equals_constant_time(header->value.substr(kBearer.size()), token);
}

std::string text_of(const AdminAnswer& answer) {
  std::string out;
  http::append_status_line(out, answer.status);
  (void)http::append_header(out, "Content-Type", answer.content_type);
  (void)http::append_header(out, "Cache-Control", "no-store");
  if (answer.status == 405) (void)http::append_header(out, "Allow", "GET, POST");
  http::append_content_length(out, answer.body.size());
  out += "Connection: close\r\n\r\n";
  out += answer.body;
  return out;
}

}  // namespace

AdminServer::AdminServer(net::Network& network, AdminActions actions)
    : network_(network), actions_(std::move(actions)) {}

void AdminServer::serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<tls::ServerContext> context,
                        std::string name) {
  listeners_.push_back({std::move(listener), std::move(context), std::move(name)});
}

void AdminServer::start() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) net::spawn(accept_from(i));
}

void AdminServer::stop() {
  for (const Listening& listening : listeners_) listening.listener->close();
}

void AdminServer::replace(const std::vector<std::shared_ptr<tls::ServerContext>>& contexts) {
  for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i].context = contexts[i];
}

net::Task<void> AdminServer::accept_from(std::size_t listening) {
  for (;;) {
    auto accepted = co_await listeners_[listening].listener->accept();
    if (!accepted.stream) co_return;
    if (connections_ >= kConnectionsMax) {
      accepted.stream->abort();
      continue;
    }
    const Listening& at = listeners_[listening];
    net::spawn(live(std::move(accepted), at.context, at.name));
  }
}

net::Task<void> AdminServer::live(net::Listener::Accepted accepted,
                                  std::shared_ptr<tls::ServerContext> context, std::string name) {
  ++connections_;
  std::unique_ptr<net::Stream> stream = std::move(accepted.stream);
  bool certified = false;
  if (context) {
    auto secured = co_await tls::accept(std::move(stream), context, network_.loop().now_ms() + kRequestMs);
    if (secured) {
      stream = std::move(*secured);
      certified = tls::session_facts(*stream, *context).client != nullptr;
    } else if (actions_.refused) {
      actions_.refused(name, accepted.peer.host_text(), secured.error());
    }
  }
  if (stream) co_await converse(stream.get(), context ? &context->names() : nullptr, certified);
  --connections_;
}

AdminAnswer AdminServer::refusal(const http::RequestHead& head, const ServerNames* names,
                                 bool certified) const {
  if (of_a_web_page(head) || !is_own_name(head.authority, names))
    return problem(403, "ask by address or by the name of the certificate, and not from a web page");
  if (!actions_.identities || !is_about_identities(head.path)) {
    if (head.body.kind == http::BodyKind::kChunked || head.body.bytes > 0)
      return problem(413, "nothing here takes a body");
  } else if (!certified && !has_token(head, actions_.token)) {
    return problem(401,
                   "show a client certificate, or Authorization: Bearer and the token in admin.token of the "
                   "state directory");
  } else if (head.body.kind == http::BodyKind::kChunked || head.body.bytes > JsonRequest::kBytesMax) {
    return problem(413, "a body has a Content-Length of at most 65536");
  }
  AdminAnswer none;
  none.status = 0;
  return none;
}

net::Task<bool> AdminServer::read_body(net::Stream* stream, std::string* begun, std::size_t size,
                                       std::int64_t deadline) {
  std::size_t have = std::min(begun->size(), size);
  begun->resize(size);
  while (have < size) {
    const auto read = co_await stream->read(begun->data() + have, size - have, deadline);
    if (!read.ok()) co_return false;
    have += read.bytes;
  }
  co_return true;
}

net::Task<void> AdminServer::converse(net::Stream* stream, const ServerNames* names, bool certified) {
  const std::int64_t deadline = network_.loop().now_ms() + kRequestMs;
  // Never moved: the head views it.
  std::string bytes(kHeadBytesMax, '\0');
  std::size_t size = 0;
  http::RequestDecoder decoder(limits_);
  decoder.begin();
  AdminAnswer reply;
  for (;;) {
    const auto read = co_await stream->read(bytes.data() + size, bytes.size() - size, deadline);
    if (!read.ok()) co_return;
    size += read.bytes;
    const auto status = decoder.feed(std::string_view(bytes).substr(0, size));
    if (!status || (*status != http::HeadStatus::kComplete && size == bytes.size())) {
      reply = problem(400, "this is not an HTTP request");
      break;
    }
    if (*status != http::HeadStatus::kComplete) continue;
    const http::RequestHead& head = decoder.head();
    reply = refusal(head, names, certified);
    if (reply.status != 0) break;
    if (!actions_.identities || !is_about_identities(head.path)) {
      reply = co_await answer(head.method_text, head.path);
      break;
    }
    AdminQuestion question{std::string(head.method_text), std::string(head.path), std::string(head.query),
                           bytes.substr(decoder.head_bytes(), size - decoder.head_bytes())};
    const bool whole =
        co_await read_body(stream, &question.body, static_cast<std::size_t>(head.body.bytes), deadline);
    if (!whole) co_return;
    reply = co_await actions_.identities(std::move(question));
    break;
  }
  const std::string text = text_of(reply);
  const auto sent = co_await stream->write(text, {}, network_.loop().now_ms() + kRequestMs);
  if (sent.ok()) stream->shutdown();
}

net::Task<AdminAnswer> AdminServer::answer(std::string_view method, std::string_view path) {
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/reload";
  if (!known) co_return problem(404, "try /healthz, /readyz, /metrics, /keys, or POST /reload");
  if (method != (path == "/reload" ? "POST" : "GET")) co_return problem(405, "another method is asked for");
  if (path == "/healthz") co_return AdminAnswer{200, "application/json", "{\"alive\":true}\n"};
  if (path == "/readyz") co_return actions_.ready();
  if (path == "/metrics") co_return co_await actions_.metrics();
  co_return co_await actions_.reload();
}

}  // namespace caponier::gateway
