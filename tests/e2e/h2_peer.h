// An HTTP/2 client over TLS that sends whatever frames it is told to, right or wrong, and shows what comes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/wire.h"
#include "http/h2_frame.h"

struct nghttp2_hd_inflater;
struct ssl_ctx_st;
struct ssl_st;

namespace caponier::e2e {

// What became of one stream.
struct H2Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::map<std::string, std::string> trailers;
  std::vector<int> interim;  // statuses
  std::string body;
  bool ended = false;
  std::optional<std::uint32_t> reset;  // its code
};

class H2Peer {
 public:
  // Offers "h2" to 127.0.0.1:port, and sends preface and SETTINGS.
  explicit H2Peer(int port, std::string_view settings = {});
  ~H2Peer();
  H2Peer(const H2Peer&) = delete;
  H2Peer& operator=(const H2Peer&) = delete;

  [[nodiscard]] bool open() const { return open_; }
  // False if the gateway takes nothing more.
  [[nodiscard]] bool send(std::string_view bytes);
  // Reads until that stream has ended in one way or the other, or the connection has.
  H2Answer answer(std::uint32_t stream);
  // Reads until the connection has ended, or `condition` holds.
  void read_until(const std::function<bool()>& condition);
  void read_to_end() {
    read_until([] { return false; });
  }
  [[nodiscard]] H2Answer& seen(std::uint32_t stream) { return streams_[stream]; }
  // The last GOAWAY.
  [[nodiscard]] std::optional<std::uint32_t> went_away() const { return went_away_; }
  [[nodiscard]] std::uint32_t last_stream() const { return last_stream_; }
  [[nodiscard]] int pings() const { return pings_; }
  [[nodiscard]] std::uint64_t opened(std::uint32_t stream) { return opened_[stream]; }
  [[nodiscard]] const std::map<int, std::uint32_t>& settings() const { return settings_; }
  // Opens both windows for whatever came (on by default), answers PING and SETTINGS.
  void set_polite(bool polite) { polite_ = polite; }

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  struct FreeSession {
    void operator()(ssl_st* session) const;
  };
  struct FreeInflater {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  bool read_frame();
  bool fill(std::size_t bytes);
  void take(const http::h2::FrameHead& head, std::string_view payload);
  void take_block(H2Answer& stream, std::string_view block, bool ends);

  Socket socket_;
  std::unique_ptr<ssl_ctx_st, FreeContext> context_;
  std::unique_ptr<ssl_st, FreeSession> session_;
  std::unique_ptr<nghttp2_hd_inflater, FreeInflater> inflater_;
  bool open_ = false;
  bool polite_ = true;
  std::string buffer_;
  std::map<std::uint32_t, H2Answer> streams_;
  std::map<std::uint32_t, std::uint64_t> opened_;
  std::map<int, std::uint32_t> settings_;
  std::optional<std::uint32_t> went_away_;
  std::uint32_t last_stream_ = 0;
  int pings_ = 0;
};

}  // namespace caponier::e2e
