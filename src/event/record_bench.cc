// How long one exchange record takes: the budget is 0.5 microseconds.
#include <chrono>
#include <cstdio>

#include "event/record.h"

int main() {
  caponier::event::ExchangeRecord r;
  r.wall_ms = 1'769'903'999'123;
  r.request_id = "01J8Z6Q3W4T5R6E7D8C9B0A1";
  r.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  r.peer = "127.0.0.1";
  r.listener = "public";
  r.method = "POST";
  r.operation = "createOrder";
  r.path = "/customers/{customerId}/orders";
  r.status = 201;
  r.upstream_status = 201;
  r.issuer = "https://issuer.example/realms/main";
  r.subject = {"alice"};
  r.credential = "token:00112233445566778899aabbccddeeff";
  r.user_agent = {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"};
  r.request_body_bytes = 500;
  r.response_body_bytes = 612;
  r.duration_us = 812;
  r.upstream_us = 611;
  r.upstream_attempts = 1;
  std::string out;
  constexpr int kRounds = 2'000'000;
  const auto begin = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (int i = 0; i < kRounds; ++i) {
    out.clear();
    append(out, r);
    bytes += out.size();
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  std::printf("record_us_each %.3f record_bytes %zu\n", took.count() / kRounds, bytes / kRounds);
  return 0;
}
