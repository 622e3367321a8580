// How a connection begins: who is at its other end, by the word of a listed proxy, and by the certificate
// that was shown.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/client_connection.h"
#include "gateway/undecodable.h"
#include "http/proxy_header.h"
#include "net/prefixed_stream.h"
#include "tls/context.h"

namespace caponier::gateway {

void ClientConnection::record_arrival(std::string_view type, Reason reason, std::string_view detail) {
  record_connection(worker_, type, peer_, reason, detail);
}

// Reads the PROXY header, and admits the client whom it names as if it had come by itself.
net::Task<bool> ClientConnection::identify() {
  if (address_counted_ || surface_->rules.proxy_protocol.empty()) co_return true;
  const std::uint32_t bytes_max = service_->plan().limits.http.proxy_header_bytes_max;
  std::string bytes(std::max<std::size_t>(bytes_max, http::kProxyLineBytesMax), '\0');
  std::size_t size = 0;
  http::ProxyHeader header;
  for (;;) {
    const auto read = co_await stream_->read(bytes.data() + size, bytes.size() - size, arrived_by_ms_);
    if (aborted_) co_return false;
    if (!read.ok()) {
      const bool late = read.status == net::IoStatus::kTimedOut;
      record_arrival(
          "refused", Reason::kProxyHeaderInvalid,
          late ? "the PROXY header did not come in time" : "the connection ended within the PROXY header");
      co_return false;
    }
    size += read.bytes;
    const auto status = http::decode_proxy_header(std::string_view(bytes).substr(0, size), bytes_max, header);
    if (!status) {
      record_arrival("refused", Reason::kProxyHeaderInvalid, http::name(status.error()));
      stream_->abort();
      co_return false;
    }
    if (*status == http::HeadStatus::kComplete) break;
  }
  if (header.names_client) worker_.name_peer(peer_, header.client);
  address_counted_ = worker_.admit_address(peer_);
  if (!address_counted_) {
    stream_->abort();
    co_return false;
  }
  if (size > header.bytes) {
    stream_ = std::make_unique<net::PrefixedStream>(
        std::move(stream_), std::string_view(bytes).substr(header.bytes, size - header.bytes));
  }
  co_return true;
}

void ClientConnection::note_session() {
  tls::SessionFacts facts = tls::session_facts(*stream_, *surface_->tls);
  peer_.certificate = facts.identity;
  peer_.client = std::move(facts.client);
  if (surface_->tls->identities() > 1) peer_.server_names = &surface_->tls->names();
}

}  // namespace caponier::gateway
