// Another process takes the place of a running gateway, or gets its sockets from systemd: no connection is
// lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kRoomy = R"(limits:
  connections: {new_per_address_per_second: 1000000, new_per_address_burst: 1000000,
                requests_per_address_per_second: 1000000, requests_per_address_burst: 1000000}
defaults: {rate_limit: {per_address: {off: "a test"}}}
)";
constexpr const char* kAdmin = "listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]\n";

struct Handover : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  TestFolder folder;
  std::string socket = folder.file("handover.sock");

  [[nodiscard]] Options options(int workers, bool takes_over, const std::string& more = kAdmin) const {
    Options out{.contract = kContract,
                .upstream = upstream.url(),
                .config = "handover: '" + socket + "'\n" + kRoomy + more,
                .workers = workers};
    if (takes_over) out.flags = {"--take-over", socket};
    return out;
  }
};

bool says(Gateway& gateway, const std::string& text) {
  return gateway.process().read_until(
      [&] { return gateway.process().err().find(text) != std::string::npos; });
}

// On connections that stay as long as the answers say so, and on new ones.
void load(int port, const std::atomic<bool>* over, std::atomic<int>* good, std::atomic<int>* bad) {
  const std::string request = request_text("GET", "/open");
  while (!over->load()) {
    const Socket client = Socket::connect(port);
    MessageReader reader(client);
    for (bool stays = true; stays && !over->load();) {
      const auto answer = client.send(request) ? reader.read_answer() : std::nullopt;
      ++*(answer && answer->status() == 200 ? good : bad);
      stays = answer && answer->header("Connection") != "close";
    }
    ++*(ask(port, request).status() == 200 ? good : bad);
  }
}

TEST_F(Handover, under_load_fails_no_request_whatever_the_number_of_workers) {
  Gateway before(options(2, false));
  ASSERT_TRUE(before.ready()) << before.process().err();
  const int port = before.port();
  std::atomic<bool> over{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(load, port, &over, &good, &bad);
  ASSERT_TRUE(eventually([&] { return good.load() > 100; }));

  std::vector<std::unique_ptr<Gateway>> after;
  Gateway* old = &before;
  for (const int workers : {3, 1}) {
    Options next = options(workers, true);
    next.state_dir = before.state_dir();
    after.push_back(std::make_unique<Gateway>(next));
    ASSERT_TRUE(after.back()->ready()) << after.back()->process().err();
    EXPECT_EQ(after.back()->port(), port);
    EXPECT_TRUE(says(*old, "has taken over"));
    EXPECT_EQ(old->process().wait(), 0);
    const int so_far = good.load();
    ASSERT_TRUE(eventually([&] { return good.load() > so_far + 100; }));
    old = after.back().get();
  }
  over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(bad.load(), 0);
  EXPECT_GT(good.load(), 300);
  EXPECT_EQ(ask(old->port_of("admin"), request_text("GET", "/healthz")).status(), 200);
  EXPECT_EQ(old->stop(), 0);
  EXPECT_NE(::access(socket.c_str(), F_OK), 0) << "the last one removes the socket";
}

TEST_F(Handover, a_successor_that_cannot_start_changes_nothing) {
  Gateway before(options(1, false));
  ASSERT_TRUE(before.ready()) << before.process().err();
  Options broken =
      options(1, true, "listeners: [{listen: 'http://127.0.0.1:0', surface: admin, name: renamed}]\n");
  broken.state_dir = before.state_dir();
  Gateway after(broken);
  EXPECT_FALSE(after.ready());
  EXPECT_THAT(after.process().err(), HasSubstr("no listener has the name admin"));
  EXPECT_EQ(before.ask(request_text("GET", "/open")).status(), 200);
  Options good = options(1, true);
  good.state_dir = before.state_dir();
  Gateway next(good);
  EXPECT_TRUE(next.ready()) << "and it can be tried again: " << next.process().err();
  EXPECT_EQ(before.process().wait(), 0);
}

TEST_F(Handover, an_idle_client_may_ask_once_more_and_hears_that_the_connection_ends) {
  Gateway before(options(1, false));
  ASSERT_TRUE(before.ready()) << before.process().err();
  const Socket client = Socket::connect(before.port());
  MessageReader reader(client);
  ASSERT_TRUE(client.send(request_text("GET", "/open")));
  ASSERT_TRUE(reader.read_answer());
  Options next = options(1, true);
  next.state_dir = before.state_dir();
  Gateway after(next);
  ASSERT_TRUE(after.ready()) << after.process().err();
  ASSERT_TRUE(says(before, "has taken over"));
  // It says so a moment before its workers know.
  std::optional<Message> answer;
  EXPECT_TRUE(eventually([&client, &reader, &answer] {
    answer.reset();
    if (client.send(request_text("GET", "/open"))) answer = reader.read_answer();
    return !answer || answer->header("Connection") == "close";
  }));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
}

TEST_F(Handover, a_request_under_way_ends_where_it_began_and_new_ones_go_to_the_successor) {
  std::atomic<bool> go{false};
  upstream.set_script([&go](Peer& peer) {
    while (peer.read_request()) {
      (void)eventually([&go] { return go.load(); });
      if (!peer.send(answer_text(200, "text/plain", "late"))) return;
    }
  });
  Gateway before(options(1, false));
  ASSERT_TRUE(before.ready()) << before.process().err();
  const Socket client = Socket::connect(before.port());
  ASSERT_TRUE(client.send(request_text("GET", "/open")));
  ASSERT_TRUE(eventually([this] { return upstream.requests().size() == 1; }));
  upstream.set_script(answering(answer_text(200, "text/plain", "at once")));
  Options next = options(1, true);
  next.state_dir = before.state_dir();
  Gateway after(next);
  ASSERT_TRUE(after.ready()) << after.process().err();
  ASSERT_TRUE(says(before, "has taken over"));
  for (int i = 0; i < 10; ++i) {
    const Message answer = after.ask(request_text("GET", "/open"));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, "at once");
  }
  go = true;
  MessageReader reader(client);
  const auto late = reader.read_answer();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->body, "late");
  EXPECT_EQ(before.process().wait(), 0);
  EXPECT_THAT(before.log(), HasSubstr("\"what\":\"handed-over\""));
}

TEST_F(Handover, the_socket_is_its_owners_alone) {
  Gateway gateway(options(1, false));
  ASSERT_TRUE(gateway.ready());
  struct stat about {};
  ASSERT_EQ(::stat(socket.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(ask(gateway.port(), request_text("GET", "/open")).status(), 200);
}

TEST_F(Handover, nobody_there_is_a_clear_error) {
  Gateway alone(options(1, true));
  EXPECT_FALSE(alone.ready());
  EXPECT_THAT(alone.process().err(), HasSubstr("cannot take over from " + socket));
}

// As systemd does it: the sockets are open, and the environment says which is whose.
class Activation : public testing::Test {
 public:
  // The shell puts its own process id into LISTEN_PID, and becomes the gateway.
  [[nodiscard]] Words command(const std::string& names, int count, const std::string& listeners) {
    const std::string config = folder.write("caponier.yaml", "listeners:\n" + listeners);
    const std::string contract = folder.write("api.yaml", kContract);
    return {"bash", "-c",
            "LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(count) + " LISTEN_FDNAMES=" + names + " exec " +
                std::string(CAPONIER_BINARY) + " run --dev --workers 2 --contract " + contract +
                " --upstream " + upstream.url() + " --config " + config + " --state-dir " +
                folder.file("state")};
  }
  // Listening, and as descriptor `at` in the processes that this one starts.
  int place(int at) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd, 64), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes), 0);
    placed.emplace_back(at, fd);
    return ntohs(address.sin_port);
  }
  // Runs `words` with the sockets in their places.
  [[nodiscard]] std::unique_ptr<Process> start(const Words& words) {
    std::string moves;
    for (const auto& [at, fd] : placed) {
      ::fcntl(fd, F_SETFD, 0);
      moves += "exec " + std::to_string(at) + "<&" + std::to_string(fd) + "; ";
    }
    Words all = words;
    all[2] = moves + all[2];
    auto process = std::make_unique<Process>(all);
    for (const auto& [at, fd] : placed) ::close(fd);
    return process;
  }
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  TestFolder folder;
  std::vector<std::pair<int, int>> placed;
};

TEST_F(Activation, every_listener_gets_the_socket_of_its_name) {
  const int open = place(3);
  const int admin = place(4);
  const auto gateway = start(
      command("public:admin", 2,
              "  - {listen: 'http://127.0.0.1:0'}\n  - {listen: 'http://127.0.0.1:0', surface: admin}\n"));
  ASSERT_TRUE(gateway->read_until([&] { return gateway->err().find("ready admin") != std::string::npos; }))
      << gateway->err();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(open, request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(ask(admin, request_text("GET", "/healthz")).status(), 200);
  gateway->signal(SIGTERM);
  EXPECT_EQ(gateway->wait(), 0);
}

TEST_F(Activation, what_does_not_fit_is_a_clear_error) {
  struct Case {
    std::string names;
    int count;
    std::string listeners;
    std::string says;
  };
  const std::string one = "  - {listen: 'http://127.0.0.1:0'}\n";
  for (const Case& c :
       {Case{"other", 1, one, "no socket has the name of listener public"},
        Case{"public:other", 2, one, "no listener has the name other"},
        Case{"public:public", 2, one, "two sockets have the name public"},
        Case{"public", 1, one + "  - {listen: 'http://127.0.0.1:0', surface: admin}\n",
             "no socket has the name of listener admin"},
        Case{"", 1, one, "FileDescriptorName="}, Case{"public:more", 1, one, "more names than"},
        Case{"public", 1, "  - {listen: 'http://127.0.0.1:1'}\n", "and not on http://127.0.0.1:1"},
        Case{"public", 1, "  - {listen: 'http://127.0.0.2:0'}\n", "and not on http://127.0.0.2:0"}}) {
    placed.clear();
    place(3);
    if (c.count > 1) place(4);
    const auto gateway = start(command(c.names, c.count, c.listeners));
    EXPECT_EQ(gateway->wait(), 2) << c.names;
    EXPECT_THAT(gateway->err(), HasSubstr(c.says));
  }
}

TEST_F(Activation, sockets_for_another_process_are_left_alone) {
  Words words = command("public", 1, "  - {listen: 'http://127.0.0.1:0'}\n");
  words[2].replace(words[2].find("LISTEN_PID=$$"), 13, "LISTEN_PID=1");
  const auto gateway = start(words);
  ASSERT_TRUE(gateway->read_until([&] { return gateway->err().find("ready http") != std::string::npos; }));
  gateway->signal(SIGTERM);
  EXPECT_EQ(gateway->wait(), 0);
}

}  // namespace
}  // namespace caponier::e2e
