// What reading and evaluation take for the sets of the schema bench, beside simdjson's parse. One JSON line
// for each set. Fails where a valid instance is refused, or where the evaluation asks the heap for anything.
//   schema_bench SETS MILLISECONDS [SET...]
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/limits.h"
#include "bench/schema/case_program.h"
#include "json/document.h"
#include "schema/program.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace {

using namespace caponier;
namespace fs = std::filesystem;

struct Instance {
  std::string text;
  const schema::Entry* program;
  std::unique_ptr<json::Document> document;
  json::Value value;
};

struct Set {
  std::string name;
  std::vector<schema::ProgramPtr> programs;
  std::vector<Instance> instances;
};

// Documents of a million bytes are among the instances.
JsonLimits limits() {
  JsonLimits out;
  out.bytes_max = 16U << 20;
  out.depth_max = 256;
  out.nodes_max = 4'000'000;
  return out;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool add_case(const fs::path& folder, const std::string& number, const bench::CaseOptions& options,
              Set& set) {
  std::ifstream lines(folder / (number + ".instances.ndjson"));
  std::string line;
  schema::ProgramPtr program;
  while (std::getline(lines, line)) {
    if (program == nullptr) {
      Diagnostics diagnostics;
      program = bench::compile_case(read_file(folder / (number + ".schema.json")), options, diagnostics);
      if (program == nullptr) {
        for (const Diagnostic& d : diagnostics.all()) {
          if (d.severity == Severity::kError)
            std::fprintf(stderr, "%s/%s: %s\n", set.name.c_str(), number.c_str(), to_text(d).c_str());
        }
        return false;
      }
      set.programs.push_back(program);
    }
    Instance instance{line, program.get(), std::make_unique<json::Document>(), {}};
    set.instances.push_back(std::move(instance));
    Instance& kept = set.instances.back();
    const auto value = kept.document->read(kept.text, limits());
    if (!value || schema::evaluate(*program, *value) != schema::Outcome::kValid) {
      std::fprintf(stderr, "%s/%s: a valid instance is refused: %.200s\n", set.name.c_str(), number.c_str(),
                   line.c_str());
      return false;
    }
  }
  return true;
}

bool load(const fs::path& folder, Set& set) {
  set.name = folder.filename();
  const bench::CaseOptions options = bench::case_options(read_file(folder / "set.json"));
  bool whole = true;
  for (int n = 0; fs::exists(folder / (std::to_string(n) + ".schema.json")); ++n) {
    whole = add_case(folder, std::to_string(n), options, set) && whole;
  }
  // Small texts live inside their strings, which move while the vector grows.
  for (Instance& instance : set.instances) instance.value = *instance.document->read(instance.text, limits());
  return whole;
}

// Nanoseconds of processor time for one pass, the best of several turns: the machine may have other work.
template <class Pass>
double measure(double milliseconds, Pass pass) {
  const double budget = milliseconds * 1e-3 * CLOCKS_PER_SEC;
  std::uint64_t rounds = 1;
  double best = 1e18;
  for (int turns = 0; turns < 8;) {
    const std::clock_t start = std::clock();
    for (std::uint64_t i = 0; i < rounds; ++i) pass();
    const auto used = static_cast<double>(std::clock() - start);
    if (used < budget / 2) {
      rounds *= 2;
      continue;
    }
    best = std::min(best, used / CLOCKS_PER_SEC * 1e9 / static_cast<double>(rounds));
    ++turns;
  }
  return best;
}

bool run(const Set& set, double milliseconds) {
  std::uint64_t good = 0;
  std::size_t bytes = 0;
  std::vector<simdjson::padded_string> padded;
  for (const Instance& instance : set.instances) {
    padded.emplace_back(instance.text);
    bytes += instance.text.size();
  }
  simdjson::dom::parser parser;
  const double simdjson_parse = measure(milliseconds, [&] {
    for (const auto& text : padded) good += parser.parse(text).error() == simdjson::SUCCESS ? 1 : 0;
  });
  json::Document document;
  const JsonLimits bounds = limits();
  const double read = measure(milliseconds, [&] {
    for (const Instance& instance : set.instances) good += document.read(instance.text, bounds).ok() ? 1 : 0;
  });
  const std::uint64_t before = allocations;
  const double evaluate = measure(milliseconds, [&] {
    for (const Instance& instance : set.instances)
      good += schema::evaluate(*instance.program, instance.value) == schema::Outcome::kValid ? 1 : 0;
  });
  const std::uint64_t asked = allocations - before;
  const double both = measure(milliseconds, [&] {
    for (const Instance& instance : set.instances) {
      const auto value = document.read(instance.text, bounds);
      good += value && schema::evaluate(*instance.program, *value) == schema::Outcome::kValid ? 1 : 0;
    }
  });
  std::printf(
      R"({"set":"%s","instances":%zu,"bytes":%zu,"simdjson":%.1f,"read":%.1f,"evaluate":%.1f,"both":%.1f,"allocations":%llu,"good":%llu})"
      "\n",
      set.name.c_str(), set.instances.size(), bytes, simdjson_parse, read, evaluate, both,
      static_cast<unsigned long long>(asked), static_cast<unsigned long long>(good));
  std::fflush(stdout);
  return asked == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<fs::path> folders;
  for (int i = 3; i < argc; ++i) folders.push_back(fs::path(argv[1]) / argv[i]);
  if (folders.empty()) {
    for (const auto& entry : fs::directory_iterator(argv[1])) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  const double milliseconds = std::strtod(argv[2], nullptr);
  bool sound = true;
  for (const fs::path& folder : folders) {
    Set set;
    sound = load(folder, set) && sound;
    sound = run(set, milliseconds) && sound;
  }
  return sound ? 0 : 1;
}
