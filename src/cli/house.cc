#include "cli/house.h"

#include <utility>

#include "base/secret.h"
#include "event/record.h"
#include "uri/url.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1024} * 1024;

Result<std::shared_ptr<tls::ServerContext>, std::string> own_certificate(const config::Listener& listener) {
  auto chain = store::read_file(listener.certificate_file, kPemBytesMax);
  if (!chain) return Err(chain.error());
  auto key = store::read_file(listener.key_file, kPemBytesMax);
  if (!key) return Err(key.error());
  const Secret secret(std::move(*key));
  auto context = tls::ServerContext::create(*chain, secret.reveal());
  if (!context) return Err(listener.certificate_file + ", " + listener.key_file + ": " + context.error());
  return context;
}

}  // namespace

Result<std::shared_ptr<tls::ServerContext>, std::string> server_context(House& house,
                                                                        const config::Listener& listener) {
  const auto url = uri::parse_listen(listener.listen);
  if (url && !url->https) return std::shared_ptr<tls::ServerContext>();
  if (!listener.certificate_file.empty()) return own_certificate(listener);
  auto local = local_certificate(*house.state, house.clock.now().wall_s());
  if (!local) return Err(local.error());
  house.ca_file = local->ca_file;
  return tls::ServerContext::create(local->chain_pem, local->key_pem.reveal());
}

void record(House& house, std::string_view what, std::string_view detail) {
  std::string line;
  event::LifecycleRecord record;
  record.wall_ms = house.clock.now().wall_ms;
  record.what = what;
  record.detail = detail;
  event::append(line, record);
  house.sink->give(line);
}

}  // namespace caponier::cli
