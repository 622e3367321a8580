#include "tls/tls_stream.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string>

#include "tls/test_peers.h"

namespace caponier::tls {
namespace {

using net::IoStatus;

class TlsStreamTest : public Peers {
 public:
  SSL* client_ssl() { return dynamic_cast<TlsStream&>(*client).ssl(); }
  SSL* server_ssl() { return dynamic_cast<TlsStream&>(*server).ssl(); }
};

const net::SimFaults kHard{
    .fragment_reads = true, .fragment_writes = true, .delay_ms_max = 5, .buffer_bytes = 1000};

TEST_F(TlsStreamTest, bytes_pass_both_ways_byte_by_byte) {
  connect_well({.byte_by_byte = true});
  net::spawn(send(*client, "head ", "body", true));
  const Received asked = receive_all(*server);
  EXPECT_EQ(asked.bytes, "head body");
  EXPECT_EQ(asked.end, IoStatus::kClosed);
  net::spawn(send(*server, "answer", "", true));
  EXPECT_EQ(receive_all(*client).bytes, "answer");
}

TEST_F(TlsStreamTest, long_bodies_pass_fragmented_both_ways_at_once) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    net::SimNetwork other(loop, seed, kHard);
    auto ends = other.pair();
    server_done = client_done = false;
    net::spawn(accept_one(*this, std::move(ends.first)));
    net::spawn(connect_one(*this, std::move(ends.second)));
    ASSERT_TRUE(loop.run_until([&] { return server_done && client_done; }));
    const std::string up(70'000, 'u');
    const std::string down(90'000, 'd');
    net::spawn(send(*client, "head", up, true));
    net::spawn(send(*server, "head", down, true));
    Received at_client;
    bool done = false;
    net::spawn(collect(*client, at_client.bytes, at_client.end, done));
    const Received at_server = receive_all(*server);
    ASSERT_TRUE(loop.run_until([&] { return done; }));
    EXPECT_EQ(at_server.bytes, "head" + up);
    EXPECT_EQ(at_client.bytes, "head" + down);
    EXPECT_EQ(at_client.end, IoStatus::kClosed);
    server.reset();
    client.reset();
  }
}

TEST_F(TlsStreamTest, a_request_and_its_answer_cost_one_read_and_one_write_below) {
  connect_well();
  char byte = 0;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  below_server->reads = below_server->writes = 0;
  for (int i = 1; i <= 3; ++i) {
    client->try_write("GET / HTTP/1.1\r\n", "\r\n");
    EXPECT_EQ(receive(*server), "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(server->try_write("HTTP/1.1 200 OK\r\n\r\n", std::string(4000, 'b')).bytes, 4019U);
    EXPECT_EQ(below_server->reads, i);
    EXPECT_EQ(below_server->writes, i);
  }
}

TEST_F(TlsStreamTest, a_stream_below_that_cannot_be_read_is_not_tried) {
  connect_well();
  char byte = 0;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  client->try_write("xy", "");
  below_server->readable = false;
  below_server->tries = 0;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  EXPECT_EQ(below_server->tries, 0);
  below_server->readable = true;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kOk);
  // What the library holds already needs nothing from below.
  below_server->readable = false;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kOk);
  EXPECT_EQ(byte, 'y');
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
}

TEST_F(TlsStreamTest, an_end_that_came_with_the_last_bytes_is_seen_without_a_read_below) {
  connect_well();
  client->try_write("last", "");
  client->shutdown();
  std::array<char, 16> bytes;
  EXPECT_EQ(server->try_read(bytes.data(), bytes.size()).bytes, 4U);
  below_server->readable = false;
  EXPECT_EQ(server->try_read(bytes.data(), bytes.size()).status, IoStatus::kClosed);
}

TEST_F(TlsStreamTest, errors_that_others_left_in_the_library_are_not_taken_for_ours) {
  connect_well();
  char byte = 0;
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  client->try_write("x", "");
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kOk);
  client->shutdown();
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_EQ(receive_all(*server).end, IoStatus::kClosed);
}

TEST_F(TlsStreamTest, a_fatal_alert_is_no_clean_end) {
  connect_well();
  // What is no record makes the client give up with an alert, which the server then reads.
  dynamic_cast<TlsStream&>(*server).lower().try_write("no record at all, but long enough to be read", "");
  char byte = 0;
  for (int i = 0; i < 3; ++i) client->try_read(&byte, 1);
  EXPECT_EQ(receive_all(*client).end, IoStatus::kReset);
  EXPECT_EQ(receive_all(*server).end, IoStatus::kReset);
}

TEST_F(TlsStreamTest, head_and_body_share_a_record_up_to_its_limit) {
  connect_well();
  const std::string head(384, 'h');
  EXPECT_EQ(server->try_write(head, std::string(16'000, 'b')).bytes, 16'384U);
  EXPECT_EQ(receive(*client).size(), 16'384U);
  // One more byte takes another record.
  const std::string body(16'001, 'b');
  EXPECT_EQ(server->try_write(head, body).bytes, 16'384U);
  EXPECT_EQ(server->try_write("", std::string_view(body).substr(16'000)).bytes, 1U);
  EXPECT_EQ(server->try_write("", "").status, IoStatus::kOk);
}

TEST_F(TlsStreamTest, several_records_that_came_together_are_read_together) {
  connect_well();
  for (const char* piece : {"one ", "two ", "three"}) client->try_write(piece, "");
  EXPECT_EQ(receive(*server), "one two three");
}

TEST_F(TlsStreamTest, an_end_is_clean_only_with_close_notify) {
  connect_well();
  client->try_write("half", "");
  dynamic_cast<TlsStream&>(*client).lower().shutdown();
  const Received cut = receive_all(*server);
  EXPECT_EQ(cut.bytes, "half");
  EXPECT_EQ(cut.end, IoStatus::kReset);
}

TEST_F(TlsStreamTest, an_abort_shows_as_a_reset_and_nothing_can_be_sent_afterwards) {
  connect_well();
  server->try_write("half an ans", "");
  EXPECT_EQ(receive(*client), "half an ans");
  server->abort();
  EXPECT_EQ(receive_all(*client).end, IoStatus::kReset);
  char byte = 0;
  EXPECT_EQ(server->try_write("wer", "").status, IoStatus::kReset);
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kReset);
}

TEST_F(TlsStreamTest, an_abort_wakes_a_waiting_reader) {
  connect_well();
  loop.post([&] { server->abort(); });
  EXPECT_EQ(receive_all(*server).end, IoStatus::kReset);
}

TEST_F(TlsStreamTest, after_its_end_a_side_reads_on_but_writes_no_more) {
  connect_well();
  client->shutdown();
  EXPECT_EQ(client->try_write("x", "").status, IoStatus::kReset);
  EXPECT_EQ(receive_all(*server).end, IoStatus::kClosed);
  EXPECT_TRUE(server->try_write("last words", "").ok());
  EXPECT_EQ(receive(*client), "last words");
}

TEST_F(TlsStreamTest, close_notify_waits_for_room_below) {
  connect_well({.buffer_bytes = 4096});
  std::string much(100'000, 'x');
  std::size_t sent = 0;
  // Fill the way exactly, record by record, until nothing more fits.
  while (true) {
    const auto result = server->try_write(std::string_view(much).substr(0, 100), "");
    if (!result.ok()) break;
    sent += result.bytes;
  }
  net::spawn(send(*server, much.substr(0, 100), "", true));
  const Received received = receive_all(*client);
  EXPECT_EQ(received.bytes.size(), sent + 100);
  EXPECT_EQ(received.end, IoStatus::kClosed);
}

TEST_F(TlsStreamTest, a_session_works_on_after_its_idle_buffers_were_given_back) {
  connect_well();
  for (int i = 0; i < 3; ++i) {
    std::string got;
    IoStatus end{};
    bool done = false;
    net::spawn(collect(*server, got, end, done));
    loop.run_for(10'000);
    client->try_write("hello", "");
    loop.run_for(10);
    EXPECT_EQ(got, "hello");
    net::destroy_spawned();
  }
}

TEST_F(TlsStreamTest, key_updates_in_a_row_are_bounded) {
  for (const int count : {TlsStream::kSideMessagesMax, TlsStream::kSideMessagesMax + 1}) {
    server_done = client_done = false;
    connect_well();
    for (int i = 0; i < count; ++i) {
      SSL_key_update(client_ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(client_ssl());
    }
    client->try_write("x", "");
    EXPECT_EQ(receive(*server), count == TlsStream::kSideMessagesMax ? "x" : "") << count;
  }
}

TEST_F(TlsStreamTest, key_updates_between_data_are_not) {
  connect_well();
  for (int i = 0; i < 3 * TlsStream::kSideMessagesMax; ++i) {
    SSL_key_update(client_ssl(), SSL_KEY_UPDATE_REQUESTED);
    client->try_write("x", "");
    ASSERT_EQ(receive(*server), "x");
    server->try_write("y", "");
    ASSERT_EQ(receive(*client), "y");
  }
}

TEST_F(TlsStreamTest, renegotiation_attack_is_refused) {
  SSL_CTX_set_max_proto_version(client_context->get(), TLS1_2_VERSION);
  SSL_CTX_clear_options(client_context->get(), SSL_OP_NO_RENEGOTIATION);
  connect_well();
  EXPECT_EQ(SSL_version(server_ssl()), TLS1_2_VERSION);
  SSL_renegotiate(client_ssl());
  SSL_do_handshake(client_ssl());
  char byte = 0;
  EXPECT_FALSE(server->try_read(&byte, 1).ok());
  EXPECT_FALSE(client->try_read(&byte, 1).ok());
  EXPECT_EQ(SSL_num_renegotiations(server_ssl()), 0);
}

struct Destroyer final : net::Waiter {
  explicit Destroyer(std::unique_ptr<net::Stream>& s) : stream(s) {}
  void ready() override { stream.reset(); }
  std::unique_ptr<net::Stream>& stream;
};

TEST_F(TlsStreamTest, a_waiter_may_destroy_its_stream) {
  connect_well();
  char byte = 0;
  EXPECT_EQ(server->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  Destroyer destroyer(server);
  server->wait(net::Direction::kRead, &destroyer);
  client->try_write("x", "");
  EXPECT_TRUE(loop.run_until([&] { return server == nullptr; }));
}

}  // namespace
}  // namespace caponier::tls
