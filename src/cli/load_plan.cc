#include "cli/load_plan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cli/document_folder.h"
#include "openapi/overlay.h"
#include "plan/issuers.h"
#include "plan/password_users.h"
#include "store/state_dir.h"
#include "uri/url.h"

namespace caponier::cli {
namespace {

constexpr const char* kNoUpstream =
    "http://127.0.0.1:9";  // the discard port: a Plan names one, nobody calls it

void add_error(Diagnostics& diagnostics, std::string code, std::string message, std::string fix = {}) {
  diagnostics.add({.code = std::move(code), .message = std::move(message), .fix = std::move(fix)});
}

// The configuration, or the defaults where there is none. Null in `readable`: no use to go on.
std::unique_ptr<config::Config> read_configuration(const LoadRequest& request, Diagnostics& diagnostics,
                                                   bool& readable) {
  readable = true;
  if (request.config_file.empty()) return std::make_unique<config::Config>();
  auto text = store::read_file(request.config_file, kConfigBytesMax);
  if (!text) {
    readable = false;
    add_error(diagnostics, "unreadable", text.error());
    return std::make_unique<config::Config>();
  }
  auto config = config::read_config(*text, request.config_file, diagnostics);
  readable = config->tree != nullptr;
  return config;
}

// The command line knows one public listener: it stands for all that the configuration has. Internal and
// admin ones are the configuration's alone.
void override_listener(const LoadRequest& request, config::Config& config) {
  const auto is_public = [](const config::Listener& l) {
    return l.surface == config::Surface::kPublic && l.rules.redirect.empty();
  };
  auto at = std::ranges::find_if(config.listeners, is_public);
  const bool serves = std::ranges::any_of(
      config.listeners, [](const config::Listener& l) { return l.surface == config::Surface::kInternal; });
  if (at == config.listeners.end()) {
    // Who has an internal listener alone means it so.
    if (serves && request.listen.empty()) return;
    at = config.listeners.insert(config.listeners.begin(), config::Listener());
    at->listen = kDefaultListen;
  }
  config::Listener& first = *at;
  if (!request.listen.empty()) {
    first.listen = request.listen;
    first.origin = {};
    config.listeners.erase(std::remove_if(at + 1, config.listeners.end(), is_public), config.listeners.end());
  }
  if (request.certificate.empty() && request.key.empty()) return;
  // Half of what is named here may stand in the configuration.
  config::CertificateFiles files;
  if (!first.certificates.empty()) files = first.certificates.front();
  if (!request.certificate.empty()) files.certificate_file = request.certificate;
  if (!request.key.empty()) files.key_file = request.key;
  first.certificates = {files};
}

void override_by_command_line(const LoadRequest& request, config::Config& config) {
  config.dev = request.dev;
  if (request.document_alone) config.upstream.url = kNoUpstream;
  if (!request.upstream.empty()) {
    config.upstream.url = request.upstream;
    config.upstream.others.clear();
    config.upstream.origin = {};
  }
  if (!request.contract_file.empty()) config.contract_file = request.contract_file;
  for (const std::string& overlay : request.overlay_files) config.overlays.push_back({overlay, {}});
  if (!request.state_dir.empty()) config.state_dir = request.state_dir;
  if (request.workers > 0) config.workers = static_cast<std::uint32_t>(request.workers);
  override_listener(request, config);
}

void check_listener(const config::Config& config, const config::Listener& listener,
                    Diagnostics& diagnostics) {
  const auto add = [&](std::string code, std::string message, std::string fix) {
    diagnostics.add({.code = std::move(code),
                     .file = listener.origin.file,
                     .position = listener.origin.position,
                     .pointer = listener.origin.pointer,
                     .message = std::move(message),
                     .fix = std::move(fix)});
  };
  const auto url = uri::parse_listen(listener.listen);
  if (!url) {
    return add("bad-listener", "\"" + listener.listen + "\" is not an address to listen on: " + url.error(),
               "write HOST:PORT, https://HOST:PORT or http://HOST:PORT");
  }
  const bool loopback = plan::is_loopback(url->host);
  if (config.dev && !loopback) {
    return add("dev-listener",
               "--dev listens on this machine only, and " + listener.listen + " is not loopback",
               "listen on 127.0.0.1, or run without --dev");
  }
  if (!url->https && !loopback && listener.surface == config::Surface::kPublic &&
      listener.rules.redirect.empty()) {
    return add("plain-http",
               "plain HTTP is served on loopback only, and " + listener.listen + " is not loopback",
               "use https, or mark the listener in the configuration with surface: internal");
  }
  if (!url->https) return;
  const config::ClientCertificates& clients = listener.client_certificates;
  if (clients.mode != config::ClientCertificateMode::kNone && clients.crl_file.empty()) {
    diagnostics.add({.severity = Severity::kFinding,
                     .code = "clients-unrevocable",
                     .file = clients.origin.file,
                     .position = clients.origin.position,
                     .pointer = clients.origin.pointer,
                     .message = "client certificates of listener " + listener.name + " cannot be revoked",
                     .fix = "name a revocation list: client_certificates: {crl: FILE}"});
  }
  const bool whole = std::ranges::none_of(listener.certificates, [](const config::CertificateFiles& files) {
    return files.certificate_file.empty() || files.key_file.empty();
  });
  if (!whole) {
    add("bad-certificate", "a certificate and its key go together", "give --cert and --key");
  } else if (listener.certificates.empty() && !config.dev) {
    add("certificate-missing", "no certificate is named for " + listener.listen,
        "give --cert and --key, or --dev for a local certificate");
  }
}

void add_unreadable(Diagnostics& diagnostics, const config::Origin& origin, std::string message) {
  diagnostics.add({.code = "unreadable",
                   .file = origin.file,
                   .position = origin.position,
                   .pointer = origin.pointer,
                   .message = std::move(message)});
}

// Nothing if one of them cannot be read: without it, the document would be blamed for what it changes.
std::optional<std::vector<openapi::OverlayText>> read_overlays(const config::Config& config,
                                                               Diagnostics& diagnostics) {
  std::vector<openapi::OverlayText> out;
  if (config.overlays.size() > openapi::kOverlaysMax) {
    add_error(diagnostics, "too-many-overlays",
              "more than " + std::to_string(openapi::kOverlaysMax) + " overlays are named",
              "put their actions into fewer files");
    return std::nullopt;
  }
  for (const config::OverlayFile& overlay : config.overlays) {
    auto text = store::read_file(overlay.file, kDocumentBytesMax);
    if (text) {
      out.push_back({overlay.file, std::move(*text)});
    } else {
      add_unreadable(diagnostics, overlay.origin, text.error());
    }
  }
  if (out.size() < config.overlays.size()) return std::nullopt;
  return out;
}

// The files beside a document, noted as they are read. The contract keeps the function.
openapi::ReadFile noting_folder(const std::string& contract_file, std::shared_ptr<SeenFiles> files) {
  const std::filesystem::path parent = std::filesystem::path(contract_file).parent_path();
  return [read = document_folder(contract_file), folder = parent.empty() ? "." : parent.string(),
          files = std::move(files)](const std::string& path) -> Result<std::string, std::string> {
    files->note(folder + '/' + path);
    if (!read) return Err(path + " cannot be read: its folder cannot");
    return read(path);
  };
}

std::unique_ptr<openapi::Contract> read_contract(const LoadRequest& request, const config::Config& config,
                                                 const std::shared_ptr<SeenFiles>& files,
                                                 Diagnostics& diagnostics) {
  openapi::LoadInput input;
  auto overlays = read_overlays(config, diagnostics);
  if (!request.contract_text.empty()) {
    input.text = request.contract_text;
    input.file = request.contract_file.empty() ? "openapi.yaml" : request.contract_file;
    if (!overlays) return nullptr;
    input.overlays = std::move(*overlays);
    return openapi::load_contract(std::move(input), diagnostics);
  }
  if (config.contract_file.empty()) {
    add_error(diagnostics, "contract-missing", "no OpenAPI document is named",
              "say --contract openapi.yaml, or add to the configuration: contract: openapi.yaml");
    return nullptr;
  }
  auto text = store::read_file(config.contract_file, kDocumentBytesMax);
  if (!text) {
    add_unreadable(diagnostics, request.contract_file.empty() ? config.contract_origin : config::Origin(),
                   text.error());
    return nullptr;
  }
  if (!overlays) return nullptr;
  input.text = *text;
  input.file = config.contract_file;
  input.overlays = std::move(*overlays);
  input.read_file = noting_folder(config.contract_file, files);
  return openapi::load_contract(std::move(input), diagnostics);
}

// What the configuration names, before any of it is read.
void note_files(const LoadRequest& request, const config::Config& config, SeenFiles& files) {
  const auto note = [&files](const std::string& file) { files.note(file); };
  if (request.contract_text.empty()) note(config.contract_file);
  for (const config::OverlayFile& overlay : config.overlays) note(overlay.file);
  const auto note_upstream = [&note](const config::Upstream& upstream) {
    note(upstream.ca_file);
    note(upstream.certificate_file);
    note(upstream.key_file);
  };
  note_upstream(config.upstream);
  for (const config::Upstream& upstream : config.upstreams) note_upstream(upstream);
  for (const config::Listener& listener : config.listeners) {
    for (const config::CertificateFiles& certificate : listener.certificates) {
      note(certificate.certificate_file);
      note(certificate.key_file);
    }
    note(listener.client_certificates.ca_file);
    note(listener.client_certificates.crl_file);
  }
}

// One that cannot be read is told here, and missing from what the Plan is made of.
std::map<std::string, std::string> read_users(const config::Config& config, SeenFiles& files,
                                              Diagnostics& diagnostics) {
  std::map<std::string, std::string> out;
  for (const config::SchemeBinding& binding : config.schemes) {
    if (!binding.basic || binding.basic->users_file.empty()) continue;
    const std::string& file = binding.basic->users_file;
    files.note(file);
    auto text = store::read_file(file, plan::kUsersFileBytesMax);
    if (text) {
      out.emplace(file, std::move(*text));
    } else {
      add_unreadable(diagnostics, binding.basic->origin, text.error());
    }
  }
  return out;
}

}  // namespace

Loaded load(const LoadRequest& request) {
  Loaded loaded;
  bool readable = false;
  loaded.files->note(request.config_file);
  loaded.config = read_configuration(request, loaded.diagnostics, readable);
  override_by_command_line(request, *loaded.config);
  if (!request.document_alone) {
    for (const config::Listener& listener : loaded.config->listeners) {
      check_listener(*loaded.config, listener, loaded.diagnostics);
    }
  }
  note_files(request, *loaded.config, *loaded.files);
  // Without its configuration, a document would be blamed for what the configuration says.
  if (!readable) return loaded;
  loaded.contract = read_contract(request, *loaded.config, loaded.files, loaded.diagnostics);
  if (loaded.contract == nullptr) return loaded;
  plan::CompileInput input;
  input.contract = loaded.contract.get();
  input.config = loaded.config.get();
  input.user_files = read_users(*loaded.config, *loaded.files, loaded.diagnostics);
  if (request.dev) input.development_issuer = request.development_issuer;
  loaded.plan = plan::compile_plan(input, loaded.diagnostics);
  if (loaded.plan) {
    for (const plan::Issuer& issuer : loaded.plan->issuers) {
      loaded.files->note(issuer.keys_file);
      loaded.files->note(issuer.ca_file);
    }
  }
  return loaded;
}

}  // namespace caponier::cli
