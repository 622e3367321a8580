#include "cli/load_plan.h"

#include <optional>
#include <utility>
#include <vector>

#include "cli/document_folder.h"
#include "openapi/overlay.h"
#include "plan/issuers.h"
#include "plan/key_files.h"
#include "store/key_file.h"
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

void override_listener(const LoadRequest& request, config::Config& config) {
  if (config.listeners.empty()) {
    config.listeners.emplace_back();
    config.listeners.front().listen = kDefaultListen;
  }
  config::Listener& first = config.listeners.front();
  if (!request.listen.empty()) {
    // One address on the command line means this one and no other.
    config.listeners.resize(1);
    first.listen = request.listen;
    first.origin = {};
  }
  if (!request.certificate.empty()) first.certificate_file = request.certificate;
  if (!request.key.empty()) first.key_file = request.key;
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
  if (!url->https && !loopback && !listener.internal) {
    return add("plain-http",
               "plain HTTP is served on loopback only, and " + listener.listen + " is not loopback",
               "use https, or mark the listener in the configuration with internal: true");
  }
  if (!url->https) return;
  if (listener.certificate_file.empty() != listener.key_file.empty()) {
    add("bad-certificate", "a certificate and its key go together", "give --cert and --key");
  } else if (listener.certificate_file.empty() && !config.dev) {
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

std::unique_ptr<openapi::Contract> read_contract(const LoadRequest& request, const config::Config& config,
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
  input.read_file = document_folder(config.contract_file);
  return openapi::load_contract(std::move(input), diagnostics);
}

void read_keys(const openapi::Contract& contract, const config::Config& config, plan::CompileInput& input,
               Diagnostics& diagnostics) {
  for (plan::KeyFile& file : plan::key_files(contract, config)) {
    auto index = store::load_key_file(file.name);
    if (!index) {
      file.at.code = "unreadable";
      file.at.message = "the API keys cannot be used: " + index.error();
      file.at.fix = "create the file with caponier keys create";
      diagnostics.add(std::move(file.at));
    }
    input.api_keys.emplace_back(file.name, index ? *index : nullptr);
  }
}

}  // namespace

Loaded load(const LoadRequest& request) {
  Loaded loaded;
  bool readable = false;
  loaded.config = read_configuration(request, loaded.diagnostics, readable);
  override_by_command_line(request, *loaded.config);
  if (!request.document_alone) {
    for (const config::Listener& listener : loaded.config->listeners) {
      check_listener(*loaded.config, listener, loaded.diagnostics);
    }
  }
  // Without its configuration, a document would be blamed for what the configuration says.
  if (!readable) return loaded;
  loaded.contract = read_contract(request, *loaded.config, loaded.diagnostics);
  if (loaded.contract == nullptr) return loaded;
  plan::CompileInput input;
  input.contract = loaded.contract.get();
  input.config = loaded.config.get();
  if (request.dev) input.development_issuer = request.development_issuer;
  read_keys(*loaded.contract, *loaded.config, input, loaded.diagnostics);
  loaded.plan = plan::compile_plan(input, loaded.diagnostics);
  return loaded;
}

}  // namespace caponier::cli
