// The upstream's side of an HTTP/2 connection, frame by frame: for scripts of an Upstream that speaks it
// without asking.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "e2e/upstream.h"
#include "http/h2_frame.h"

struct nghttp2_hd_inflater;

namespace caponier::e2e {

// What came on one stream.
struct H2Request {
  std::map<std::string, std::string> fields;  // pseudo-header fields as well
  std::map<std::string, std::string> trailers;
  std::string body;
  bool ended = false;
  std::optional<std::uint32_t> reset;  // its code
};

class H2Side {
 public:
  explicit H2Side(Peer& peer);
  ~H2Side();
  H2Side(const H2Side&) = delete;
  H2Side& operator=(const H2Side&) = delete;

  // Reads the preface, and sends SETTINGS with that payload. False if something else came.
  [[nodiscard]] bool greet(std::string_view settings = {});
  bool send(std::string_view bytes) { return peer_.send(bytes); }
  // Reads until the connection has ended, or `condition` holds; whether it does.
  bool read_until(const std::function<bool()>& condition);
  void read_to_end() {
    (void)read_until([] { return false; });
  }
  // The next stream whose request is whole; 0 when the connection has ended.
  std::uint32_t next_request();
  // The next stream of which a head is here.
  std::uint32_t next_head();
  [[nodiscard]] H2Request& seen(std::uint32_t stream) { return streams_[stream]; }
  [[nodiscard]] std::size_t begun() const { return begun_.size(); }
  // What WINDOW_UPDATE frames opened; 0: of the connection.
  [[nodiscard]] std::uint64_t opened(std::uint32_t stream) { return opened_[stream]; }
  [[nodiscard]] std::optional<std::uint32_t> went_away() const { return went_away_; }
  [[nodiscard]] const std::map<int, std::uint32_t>& settings() const { return settings_; }
  // Opens both windows for whatever came (on by default).
  void set_polite(bool polite) { polite_ = polite; }

 private:
  struct FreeInflater {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  bool read_frame();
  void take(const http::h2::FrameHead& head, std::string_view payload);
  void take_block(std::uint32_t stream, std::string_view block, bool ends);

  Peer& peer_;
  std::unique_ptr<nghttp2_hd_inflater, FreeInflater> inflater_;
  bool polite_ = true;
  std::map<std::uint32_t, H2Request> streams_;
  std::set<std::uint32_t> begun_;
  std::set<std::uint32_t> given_;        // by next_request()
  std::set<std::uint32_t> heads_given_;  // by next_head()
  std::map<std::uint32_t, std::uint64_t> opened_;
  std::map<int, std::uint32_t> settings_;
  std::optional<std::uint32_t> went_away_;
};

// Answers every request by what `answer` says of its stream.
using H2Answering = std::function<std::string(std::uint32_t stream, const H2Request& request)>;
Script speaking_h2(H2Answering answer, std::string settings = {});
// Frames of an answer of text.
std::string h2_text(std::uint32_t stream, std::string_view body);

}  // namespace caponier::e2e
