// The sections of caponier.yaml, each read into its part of Config.
#pragma once

#include "base/tree.h"
#include "config/config.h"
#include "config/reader.h"

namespace caponier::config {

void read_upstream(Reader& reader, const Node& root, Config& config);
void read_listeners(Reader& reader, const Node& root, Config& config);
void read_hosts(Reader& reader, const Node& root, Config& config);
void read_origins(Reader& reader, const Node& root, Config& config);
void read_issuers(Reader& reader, const Node& root, Config& config);
void read_scheme_bindings(Reader& reader, const Node& root, Config& config);
// `session` of a security scheme.
void read_session(Reader& reader, const Node& node, SchemeBinding& binding);
// `identity_token`, at the root and of an upstream.
void read_identity_token(Reader& reader, const Node& root, Config& config);
void read_upstream_identity(Reader& reader, const Node& node, Upstream& upstream);
// `token` of an upstream.
void read_upstream_token(Reader& reader, const Node& node, Upstream& upstream);
void read_api_keys(Reader& reader, const Node& root, Config& config);
void read_operations(Reader& reader, const Node& root, Config& config);

}  // namespace caponier::config
