// The upstream's death, at every byte of its answer.
#include <gtest/gtest.h>

#include "sim/world.h"

namespace caponier::sim {
namespace {

struct Death {
  std::string method;
  Framing framing;
  bool resets;
};

// One request answered by `bytes`, of which `dies_at` arrive.
std::string run_death(const Death& death, const std::string& bytes, std::size_t dies_at, bool first_warm) {
  Weather weather;
  weather.bad_upstream_percent = 100;  // the weather is not calm; what happens is chosen below
  World world(api(), dies_at + 1, weather);
  Visit& visit = world.add_visit();
  if (first_warm) visit.requests.push_back(get_thing(2, api().good));
  visit.requests.push_back(get_thing(1, api().good));
  Request& request = visit.requests.back();
  if (death.method == "POST") request = post_thing(1, api().good, thing(1, 100), false);
  world.choose = [&](const Seen& seen) {
    Answer answer;
    if (seen.id != 1) {
      answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 30), Framing::kLength, false);
      return answer;
    }
    answer.bytes = bytes;
    answer.dies_at = dies_at;
    answer.resets = death.resets;
    return answer;
  };
  world.run();
  std::string wrong = world.verdict();
  const auto& response = visit.responses.back();
  // A reset overtakes what was sent before it.
  const bool head_came = dies_at >= bytes.find("\r\n\r\n") + 4;
  const bool clean_502 = response && response->status == 502 && response->whole;
  if (!head_came && !clean_502) wrong += "no clean 502\n";
  if (head_came && !clean_502 && response && response->whole && dies_at < bytes.size())
    wrong += "a broken answer passed for a whole one\n";
  if (head_came && clean_502 && !death.resets) wrong += "a 502 behind an answer that had begun\n";
  if (dies_at == bytes.size() && !death.resets && !(response && response->status == 200 && response->whole))
    wrong += "a whole answer did not arrive\n";
  const auto records = world.records_of(1);
  if (records.size() != 1) return wrong + "not exactly one record\n";
  // A pooled connection that dies before its answer is tried once more where that is harmless.
  const bool harmless = first_warm && death.method == "GET";
  const std::uint64_t attempts = harmless && dies_at == 0 ? 2 : 1;
  if (records[0]->attempts != attempts && !(harmless && death.resets))
    wrong += "attempts: " + std::to_string(records[0]->attempts) + "\n";
  return wrong;
}

TEST(Death, of_the_upstream_at_every_byte_is_a_clean_error_or_an_aborted_answer) {
  for (const Death& death :
       {Death{"GET", Framing::kLength, false}, Death{"GET", Framing::kLength, true},
        Death{"GET", Framing::kChunked, false}, Death{"GET", Framing::kChunked, true},
        Death{"POST", Framing::kLength, true}, Death{"POST", Framing::kChunked, false}}) {
    const std::string bytes = response_bytes(1, 200, thing(1, 60), death.framing, false, 16);
    for (const bool warm : {false, true}) {
      for (std::size_t at = 0; at <= bytes.size(); ++at) {
        ASSERT_EQ(run_death(death, bytes, at, warm), "")
            << death.method << " framing " << static_cast<int>(death.framing) << " resets " << death.resets
            << " warm " << warm << " dies after " << at << " of " << bytes.size() << " bytes";
      }
    }
  }
}

}  // namespace
}  // namespace caponier::sim
