// The binary under test as the tests start it: a state directory of its own, a port from the kernel, and its
// decision log.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/process.h"
#include "e2e/wire.h"
#include "jose/signing_key.h"

namespace caponier::e2e {

// A line of the decision log. Numbers and flags are texts; a list of objects is a member "list.member", whose
// texts are divided by commas.
using Record = std::map<std::string, std::string>;
// Nothing if the line is not one JSON object.
std::optional<Record> parse_record(std::string_view line);

struct Options {
  std::string contract;
  std::string upstream;     // its URL; empty: `config` names it
  std::string config = {};  // text of caponier.yaml, if there is one
  bool dev = true;
  bool tls = false;
  int workers = 1;
  Words flags = {};
  std::map<std::string, std::string> files = {};  // beside the document, by name
  std::string state_dir = {};                     // another gateway's; empty: its own
};

class Gateway {
 public:
  // Waits until it serves; `ready()` tells whether it does.
  explicit Gateway(const Options& options);

  [[nodiscard]] bool ready() const { return port_ != 0; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  // Of the first listener with that surface ("internal", "admin"); 0 if there is none.
  [[nodiscard]] int port_of(std::string_view surface);
  [[nodiscard]] const TestFolder& folder() const { return folder_; }
  [[nodiscard]] const std::string& state_dir() const { return state_dir_; }
  [[nodiscard]] std::string ca_file() const { return state_dir() + "/dev-ca.pem"; }
  Process& process() { return process_; }

  // Of its development issuer.
  [[nodiscard]] std::string token(std::string_view subject, std::string_view scopes) const;
  // One answer to `bytes`, on a connection of its own.
  [[nodiscard]] Message ask(std::string_view bytes) const { return e2e::ask(port_, bytes); }

  [[nodiscard]] std::string log() const { return read_file(state_dir() + "/decisions.ndjson"); }
  // All records but those about the gateway itself.
  [[nodiscard]] std::vector<Record> records() const;
  // Waits for a record of the request that `answer` names in X-Request-ID; an empty one if none comes.
  [[nodiscard]] Record record_of(const Message& answer) const;
  // Waits until there are `count`, and returns all.
  [[nodiscard]] std::vector<Record> wait_for_records(std::size_t count) const;
  // SIGTERM, and its exit status.
  int stop();

 private:
  [[nodiscard]] Words command(const Options& options) const;
  TestFolder folder_;
  std::string state_dir_;
  Process process_;
  std::string url_;
  int port_ = 0;
};

// An issuer of tokens outside the gateway.
class Issuer {
 public:
  explicit Issuer(std::string name);
  [[nodiscard]] std::string key_set() const { return key_.public_key_set(); }
  // For the audience "api", valid from now on for `lifetime_s` (in the past, if negative).
  [[nodiscard]] std::string token(std::string_view subject, std::string_view scopes,
                                  std::int64_t lifetime_s = 600) const;

 private:
  std::string name_;
  jose::SigningKey key_;
};

// "GET path HTTP/1.1", a Host, and whatever `fields` holds, each ended by CRLF.
std::string request_text(std::string_view method, std::string_view path, std::string_view fields = {},
                         std::string_view body = {});
std::string bearer(std::string_view token);

}  // namespace caponier::e2e
