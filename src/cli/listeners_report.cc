#include "cli/listeners_report.h"

#include <string_view>
#include <vector>

namespace caponier::cli {
namespace {

std::string text_of(const AddressRange& range) {
  const unsigned before = is_ipv4(range.prefix) && range.bits >= kMappedBits ? kMappedBits : 0;
  return ip_text(range.prefix) + '/' + std::to_string(range.bits - before);
}

std::string text_of(const std::vector<AddressRange>& ranges) {
  constexpr std::size_t kShownMax = 5;
  std::string text;
  for (std::size_t i = 0; i < ranges.size() && i < kShownMax; ++i) {
    text.append(i == 0 ? "" : ", ").append(text_of(ranges[i]));
  }
  if (ranges.size() > kShownMax) text += " and " + std::to_string(ranges.size() - kShownMax) + " more";
  return text;
}

std::string_view text_of(const config::ClientCertificates& clients) {
  const bool required = clients.mode == config::ClientCertificateMode::kRequired;
  if (clients.crl_file.empty()) {
    return required ? "client certificates required" : "client certificates optional";
  }
  return required ? "client certificates required, revocation checked"
                  : "client certificates optional, revocation checked";
}

void append(std::string& out, const config::Listener& listener) {
  const config::ListenerRules& rules = listener.rules;
  out.append("  ").append(listener.name).append(": ").append(listener.listen);
  out.append(", ").append(config::name(listener.surface));
  if (listener.certificates.size() > 1) {
    out.append(", ").append(std::to_string(listener.certificates.size())).append(" certificates by name");
  }
  if (listener.client_certificates.mode != config::ClientCertificateMode::kNone) {
    out.append(", ").append(text_of(listener.client_certificates));
  }
  if (!rules.proxy_protocol.empty()) out.append(", PROXY header of ").append(text_of(rules.proxy_protocol));
  if (!rules.trusted_proxies.empty()) {
    const bool addresses = rules.forwarded_header == config::ForwardedHeader::kXForwardedFor;
    out.append(addresses ? ", X-Forwarded-For of " : ", Forwarded of ")
        .append(text_of(rules.trusted_proxies));
  }
  if (!rules.redirect.empty()) out.append(", redirects to ").append(rules.redirect);
  out += '\n';
}

}  // namespace

void append_listeners(std::string& out, const config::Config& config) {
  out += "\nlisteners\n";
  for (const config::Listener& listener : config.listeners) append(out, listener);
}

}  // namespace caponier::cli
