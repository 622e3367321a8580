#include "e2e/gateway.h"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <utility>

#include "json/document.h"

namespace caponier::e2e {

namespace {

// What the objects of a list hold: {"a":[{"b":"x"},{"b":"y"}]} is a.b=x,y.
void add_list(const std::string& name, const json::Value& list, Record& record) {
  json::Value item = list.first_child();
  for (std::uint32_t i = 0; i < list.size(); ++i, item = item.next_sibling()) {
    if (!item.is(json::Kind::kObject)) continue;
    json::Value key = item.first_child();
    for (std::uint32_t m = 0; m < item.size(); ++m) {
      const json::Value value = key.next_sibling();
      std::string& text = record[name + '.' + std::string(key.string())];
      if (!text.empty()) text += ',';
      if (value.is(json::Kind::kString)) text += value.string();
      key = value.next_sibling();
    }
  }
}

}  // namespace

std::optional<Record> parse_record(std::string_view line) {
  json::Document document;
  const auto root = document.read(line, JsonLimits{});
  if (!root || !root->is(json::Kind::kObject)) return std::nullopt;
  Record record;
  json::Value key = root->first_child();
  for (std::uint32_t i = 0; i < root->size(); ++i) {
    const json::Value value = key.next_sibling();
    std::string& text = record[std::string(key.string())];
    if (value.is(json::Kind::kString)) text = value.string();
    if (value.is(json::Kind::kNumber)) text = value.number_text();
    if (value.is(json::Kind::kBoolean)) text = value.boolean() ? "true" : "false";
    if (value.is(json::Kind::kArray)) add_list(std::string(key.string()), value, record);
    key = value.next_sibling();
  }
  return record;
}

Words Gateway::command(const Options& options) const {
  for (const auto& [name, text] : options.files) folder_.write(name, text);
  Words words = {CAPONIER_BINARY, "run",
                 "--contract",    folder_.write("api.yaml", options.contract),
                 "--listen",      options.tls ? "https://127.0.0.1:0" : "http://127.0.0.1:0",
                 "--state-dir",   state_dir_,
                 "--workers",     std::to_string(options.workers)};
  if (!options.upstream.empty()) {
    words.emplace_back("--upstream");
    words.push_back(options.upstream);
  }
  if (options.dev) words.emplace_back("--dev");
  if (!options.config.empty()) {
    words.emplace_back("--config");
    words.push_back(folder_.write("caponier.yaml", options.config));
  }
  words.insert(words.end(), options.flags.begin(), options.flags.end());
  return words;
}

Gateway::Gateway(const Options& options)
    : state_dir_(options.state_dir.empty() ? folder_.file("state") : options.state_dir),
      process_(command(options)) {
  std::size_t at = std::string::npos;
  std::size_t end = std::string::npos;
  const auto says_ready = [&] {
    at = process_.err().find("ready http");
    if (at == std::string::npos) return false;
    end = process_.err().find('\n', at);
    return end != std::string::npos;
  };
  if (!process_.read_until(says_ready)) return;
  url_ = process_.err().substr(at + 6, end - at - 6);
  port_ = std::atoi(url_.c_str() + url_.rfind(':') + 1);
}

int Gateway::port_of(std::string_view surface) {
  const std::string mark = "ready " + std::string(surface) + " http";
  std::size_t at = std::string::npos;
  std::size_t end = std::string::npos;
  const bool said = process_.read_until([&] {
    at = process_.err().find(mark);
    if (at != std::string::npos) end = process_.err().find('\n', at);
    return end != std::string::npos;
  });
  if (!said) return 0;
  const std::string line = process_.err().substr(at, end - at);
  return std::atoi(line.c_str() + line.rfind(':') + 1);
}

std::string Gateway::token(std::string_view subject, std::string_view scopes) const {
  std::string text = run_caponier({"token", "--subject", std::string(subject), "--scope", std::string(scopes),
                                   "--expires-in", "5m", "--state-dir", state_dir()})
                         .out;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<Record> Gateway::records() const {
  std::vector<Record> all;
  std::istringstream lines(log());
  for (std::string line; std::getline(lines, line);) {
    auto record = parse_record(line);
    if (record && (*record)["type"] != "lifecycle") all.push_back(std::move(*record));
  }
  return all;
}

Record Gateway::record_of(const Message& answer) const {
  const std::string id = answer.header("X-Request-ID");
  Record found;
  (void)eventually([this, &found, &id] {
    for (Record& record : records()) {
      if (record["request_id"] == id) found = std::move(record);
    }
    return !found.empty() || id.empty();
  });
  return found;
}

std::vector<Record> Gateway::wait_for_records(std::size_t count) const {
  (void)eventually([this, count] { return records().size() >= count; });
  return records();
}

int Gateway::stop() {
  process_.signal(SIGTERM);
  return process_.wait();
}

Issuer::Issuer(std::string name) : name_(std::move(name)), key_(jose::SigningKey::generate().value()) {}

std::string Issuer::token(std::string_view subject, std::string_view scopes, std::int64_t lifetime_s) const {
  const std::int64_t now_s = std::time(nullptr);
  std::ostringstream claims;
  claims << R"({"iss":")" << name_ << R"(","aud":"api","sub":")" << subject << R"(","scope":")" << scopes
         << R"(","iat":)" << now_s + std::min<std::int64_t>(lifetime_s, 0) - 60 << R"(,"exp":)"
         << now_s + lifetime_s << "}";
  return key_.sign(claims.str()).value();
}

std::string request_text(std::string_view method, std::string_view path, std::string_view fields,
                         std::string_view body) {
  std::string text(method);
  text.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(fields);
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

std::string bearer(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

}  // namespace caponier::e2e
