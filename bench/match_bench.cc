// What one match costs with 10 operations and with 10,000: the same requests, which hit the operations that
// both have; then requests spread over all 10,000, which the processor's caches do not hold.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "plan/router.h"

namespace {

using caponier::http::Method;
using caponier::plan::Router;

using Segments = std::vector<std::string_view>;

// Five shapes of path for every resource, two of them with parameters.
std::vector<std::string> templates(int operations) {
  std::vector<std::string> out;
  for (int i = 0; static_cast<int>(out.size()) < operations; ++i) {
    const std::string base = "/v" + std::to_string(i % 3 + 1) + "/resource" + std::to_string(i);
    for (const char* rest : {"", "/{id}", "/{id}/parts", "/{id}/parts/{part}", "/search"})
      out.push_back(base + rest);
  }
  out.resize(static_cast<std::size_t>(operations));
  return out;
}

std::string request_for(std::string path) {
  for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at)) {
    path.replace(at, path.find('}', at) + 1 - at, "8f14e45f");
  }
  return path;
}

Segments split(std::string_view path) {
  Segments out;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

double nanoseconds(const Router& router, const std::vector<Segments>& requests) {
  constexpr int kMatches = 400'000;
  double best = 1e9;
  for (int turn = 0; turn < 7; ++turn) {
    std::uint64_t found = 0;
    const std::clock_t start = std::clock();
    std::size_t at = 0;
    for (int i = 0; i < kMatches; ++i) {
      found += router.match(requests[at], Method::kGet).path_found ? 1 : 0;
      if (++at == requests.size()) at = 0;
    }
    const auto used = static_cast<double>(std::clock() - start);
    if (found != kMatches) return -1;
    best = std::min(best, used / CLOCKS_PER_SEC * 1e9 / kMatches);
  }
  return best;
}

}  // namespace

int main() {
  const std::vector<std::string> paths = templates(10'000);
  Router few;
  Router many;
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < paths.size(); ++i) {
    if (!many.add(paths[i], Method::kGet, i).empty()) return 1;
    if (i < 10 && !few.add(paths[i], Method::kGet, i).empty()) return 1;
    texts.push_back(request_for(paths[i]));
  }
  std::vector<Segments> all;
  for (const std::string& text : texts) all.push_back(split(text));
  const std::vector<Segments> shared(all.begin(), all.begin() + 10);
  // A walk over all of them that no prefetcher guesses.
  std::vector<Segments> spread;
  for (std::size_t i = 0; i < all.size(); ++i) spread.push_back(all[i * 7919 % all.size()]);
  std::vector<double> ratios;
  double ten = 0;
  double thousands = 0;
  for (int round = 0; round < 5; ++round) {
    ten = nanoseconds(few, shared);
    thousands = nanoseconds(many, shared);
    if (ten < 0 || thousands < 0) return 1;
    ratios.push_back(thousands / ten);
  }
  std::sort(ratios.begin(), ratios.end());
  const double scattered = nanoseconds(many, spread);
  std::printf("10 operations: %.1f ns a match; 10,000 operations, the same requests: %.1f ns\n", ten,
              thousands);
  std::printf("ratio, median of 5 rounds: %.3f [%.3f-%.3f]; at most 1.1\n", ratios[2], ratios[0], ratios[4]);
  std::printf(
      "10,000 operations, requests spread over all of them: %.1f ns (what the caches cannot hold is "
      "fetched)\n",
      scattered);
  return ratios[2] <= 1.1 ? 0 : 1;
}
