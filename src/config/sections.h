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
void read_operations(Reader& reader, const Node& root, Config& config);

}  // namespace caponier::config
