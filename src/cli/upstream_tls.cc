#include "cli/upstream_tls.h"

#include <utility>

#include "base/secret.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1024} * 1024;

Result<std::string, std::string> read_named(const std::string& file) {
  if (file.empty()) return std::string();
  return store::read_file(file, kPemBytesMax);
}

}  // namespace

Result<std::shared_ptr<tls::ClientContext>, std::string> upstream_context(const plan::Upstream& upstream) {
  if (!upstream.url.https) return std::shared_ptr<tls::ClientContext>();
  const auto authorities = read_named(upstream.ca_file);
  if (!authorities) return Err(authorities.error());
  const auto chain = read_named(upstream.certificate_file);
  if (!chain) return Err(chain.error());
  auto key = read_named(upstream.key_file);
  if (!key) return Err(key.error());
  const Secret secret(std::move(*key));
  auto context = tls::ClientContext::create(*authorities, *chain, secret.reveal());
  if (context) return context;
  std::string files = upstream.ca_file;
  if (!files.empty() && !upstream.certificate_file.empty()) files += ", ";
  if (!upstream.certificate_file.empty()) files += upstream.certificate_file + ", " + upstream.key_file;
  return Err(files + (files.empty() ? "" : ": ") + context.error());
}

Diagnostic upstream_error(const Loaded& loaded, const plan::Upstream& upstream, const std::string& error) {
  // The Plan's upstreams are the configuration's, the default first.
  const auto index = static_cast<std::size_t>(&upstream - loaded.plan->upstreams.data());
  const config::Config& config = *loaded.config;
  const config::Origin& origin = index == 0 ? config.upstream.origin : config.upstreams[index - 1].origin;
  return {.code = "bad-certificate",
          .file = origin.file,
          .position = origin.position,
          .pointer = origin.pointer,
          .message = error};
}

}  // namespace caponier::cli
