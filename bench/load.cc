// How long documents take to load, and how much memory: reading alone (JSON and YAML, in MB/s), then from the
// text to a Plan for the largest real document and for a generated one of 6 MB and 5,000 operations. Prints
// one line per measure with its bar, and ends with 1 if a bar is missed.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/tree.h"
#include "config/config.h"
#include "json/read_tree.h"
#include "json/write.h"
#include "openapi/contract.h"
#include "plan/plan.h"
#include "yaml/read_tree.h"

namespace {

using namespace caponier;

constexpr double kMega = 1e6;
constexpr int kRounds = 5;
constexpr int kGeneratedOperations = 5'000;
constexpr int kSentences = 10;  // that describe a generated schema: to 6 MB in all

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The best of a few rounds: what others do on this machine only ever adds.
double seconds(const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - begin);
  }
  return best;
}

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "load_bench: %s\n", why.c_str());
  std::exit(2);
}

// The same document as block YAML, as people write it: keys plain, texts quoted.
void append_yaml(std::string& out, const Node& node, std::size_t indent) {
  if (node.is_string()) {
    json::append_string(out, node.text);
  } else if (node.is_number()) {
    out += node.text;
  } else if (node.is_boolean()) {
    out += node.boolean ? "true" : "false";
  } else if (node.kind == NodeKind::kNull) {
    out += "null";
  } else if (node.child_count == 0) {
    out += node.is_object() ? "{}" : "[]";
  }
  for (const Node& child : node) {
    out += '\n';
    out.append(indent, ' ');
    if (node.is_object()) {
      json::append_string(out, child.key);
      out += ": ";
    } else {
      out += "- ";
    }
    append_yaml(out, child, indent + 2);
  }
}

std::string yaml_of(const std::string& document) {
  const auto tree = json::read_tree(document, "document.json");
  if (!tree) stop(tree.error().message);
  std::string out;
  append_yaml(out, *tree.value()->root(), 0);
  return out + '\n';
}

void append_operation(std::string& out, const std::string& number) {
  out +=
      "\"/collections" + number + "/{id}/items\":{\"get\":{\"operationId\":\"listItems" + number +
      "\",\"summary\":\"Items of one collection\",\"parameters\":[{\"$ref\":\"#/components/parameters/id\"},"
      "{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}},"
      "{\"name\":\"after\",\"in\":\"query\",\"schema\":{\"type\":\"string\",\"maxLength\":64}}],"
      "\"responses\":{\"200\":{\"description\":\"A page of items\",\"content\":{\"application/json\":"
      "{\"schema\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Item" +
      number +
      "\"}}}}},\"404\":{\"$ref\":\"#/components/responses/missing\"}}},\"post\":{\"operationId\":\"addItem" +
      number +
      "\",\"parameters\":[{\"$ref\":\"#/components/parameters/id\"}],\"requestBody\":{\"required\":true,"
      "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Item" +
      number +
      "\"}}}},\"responses\":{\"201\":{\"description\":\"Added\"},\"404\":"
      "{\"$ref\":\"#/components/responses/missing\"}}}}";
}

void append_schema(std::string& out, const std::string& number, const std::string& other) {
  out += "\"Item" + number + "\":{\"description\":\"";
  for (int i = 0; i < kSentences; ++i)
    out += "An item has a name, a price and a state, and stands in one collection. ";
  out +=
      "\",\"type\":\"object\",\"required\":[\"name\",\"price\"],\"properties\":{\"name\":{\"type\":"
      "\"string\","
      "\"minLength\":1,\"maxLength\":80,\"description\":\"What people call it, in their own language.\"},"
      "\"price\":{\"type\":\"number\",\"minimum\":0,\"multipleOf\":0.01},\"created\":{\"type\":\"string\","
      "\"format\":\"date-time\",\"readOnly\":true},\"state\":{\"type\":\"string\",\"enum\":[\"new\",\"sold\","
      "\"gone\"]},\"code\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}[0-9]{4,8}$\"},\"tags\":{\"type\":"
      "\"array\",\"maxItems\":20,\"items\":{\"type\":\"string\",\"maxLength\":30}},\"address\":"
      "{\"$ref\":\"#/components/schemas/Address\"},\"note\":{\"type\":\"string\",\"maxLength\":2000,"
      "\"description\":\"Free text; shown to whoever buys the item, never searched.\"},\"next\":"
      "{\"$ref\":\"#/components/schemas/Item" +
      other + "\"}}}";
}

// Two operations a path, a schema a path that refers to the next one: what large documents look like that a
// program writes, with descriptions as long as people write them.
std::string generated() {
  constexpr int kPaths = kGeneratedOperations / 2;
  std::string out =
      R"({"openapi":"3.1.0","info":{"title":"Generated","version":"1"},"servers":[{"url":"https://a.example"}],)"
      R"("security":[{"token":[]}],"paths":{)";
  for (int i = 0; i < kPaths; ++i) {
    if (i > 0) out += ',';
    append_operation(out, std::to_string(i));
  }
  out +=
      R"(},"components":{"securitySchemes":{"token":{"type":"http","scheme":"bearer"}},)"
      R"("parameters":{"id":{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}},)"
      R"("responses":{"missing":{"description":"There is none."}},"schemas":{"Address":{"type":"object",)"
      R"("properties":{"street":{"type":"string","maxLength":100},"city":{"type":"string","maxLength":100}}})";
  for (int i = 0; i < kPaths; ++i) {
    out += ',';
    // A schema refers to its neighbour or to itself: families of two, not one endless chain.
    const int other = i % 2 == 1 ? i : i + 1;
    append_schema(out, std::to_string(i), std::to_string(std::min(other, kPaths - 1)));
  }
  return out + "}}}\n";
}

struct Configured {
  std::string document;
  std::string configuration;
};

std::size_t compile(const Configured& input) {
  Diagnostics diagnostics;
  const auto contract = openapi::load_contract(input.document, "document.json", diagnostics);
  auto config = config::read_config(input.configuration, "caponier.yaml", diagnostics);
  if (contract == nullptr) stop("the document cannot be read");
  config->upstream.url = "http://127.0.0.1:9000";
  plan::CompileInput compile_input;
  compile_input.contract = contract.get();
  compile_input.config = config.get();
  const auto plan = plan::compile_plan(compile_input, diagnostics);
  if (plan == nullptr) {
    diagnostics.sort();
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      if (diagnostic.severity == Severity::kError) stop(to_text(diagnostic));
    }
    stop("no plan");
  }
  return plan->operations.size();
}

// Kilobytes that the work needs at its peak, beyond what the process has already; in a process of its own.
long peak_kilobytes(const std::function<void()>& work) {
  int ends[2];
  if (pipe(ends) != 0) stop("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    work();
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    const long grown = after.ru_maxrss - before.ru_maxrss;
    if (write(ends[1], &grown, sizeof grown) != sizeof grown) _exit(1);
    _exit(0);
  }
  long grown = -1;
  if (child < 0 || read(ends[0], &grown, sizeof grown) != sizeof grown) stop("the child process failed");
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  return grown;
}

class Table {
 public:
  void at_least(const std::string& what, double measured, double bar, const char* unit) {
    add(what, measured, ">=", bar, unit, measured >= bar);
  }
  void at_most(const std::string& what, double measured, double bar, const char* unit) {
    add(what, measured, "<=", bar, unit, measured <= bar);
  }
  [[nodiscard]] bool all_met() const { return all_met_; }

 private:
  void add(const std::string& what, double measured, const char* relation, double bar, const char* unit,
           bool met) {
    std::printf("%-62s %8.1f %s  (bar: %s %.0f)%s\n", what.c_str(), measured, unit, relation, bar,
                met ? "" : "  MISSED");
    all_met_ = all_met_ && met;
  }
  bool all_met_ = true;
};

void measure_reading(Table& table, const std::vector<std::string>& documents) {
  std::size_t bytes = 0;
  std::size_t yaml_bytes = 0;
  std::vector<std::string> as_yaml;
  for (const std::string& document : documents) {
    bytes += document.size();
    as_yaml.push_back(yaml_of(document));
    yaml_bytes += as_yaml.back().size();
  }
  const auto read_all = [](const std::vector<std::string>& texts, auto read) {
    return seconds([&] {
      for (const std::string& text : texts) {
        if (!read(text, "document")) stop("a document cannot be read");
      }
    });
  };
  const auto read_json = [](const std::string& text, const char* file) {
    return json::read_tree(text, file).ok();
  };
  const auto read_yaml = [](const std::string& text, const char* file) {
    return yaml::read_tree(text, file).ok();
  };
  table.at_least("reading JSON, " + std::to_string(documents.size()) + " real documents",
                 static_cast<double>(bytes) / kMega / read_all(documents, read_json), 20, "MB/s");
  table.at_least("reading YAML, the same as block YAML",
                 static_cast<double>(yaml_bytes) / kMega / read_all(as_yaml, read_yaml), 5, "MB/s");
}

void measure_memory(Table& table, const std::string& name, const Configured& input) {
  const double peak = static_cast<double>(peak_kilobytes([&] { compile(input); })) * 1024;
  table.at_most(name + ", peak memory", peak / static_cast<double>(input.document.size()), 12, "x document");
}

void measure_loading(Table& table, const std::string& name, const Configured& input, double bar_ms) {
  std::size_t operations = 0;
  const double time = seconds([&] { operations = compile(input); });
  table.at_most(name + ", read and compile, " + std::to_string(operations) + " operations", time * 1e3,
                bar_ms, "ms");
}

}  // namespace

int main(int argc, char** argv) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr || argc != 2) {
    std::fprintf(stderr, "usage: CAPONIER_CORPORA=FOLDER load_bench FOLDER_OF_CONFIGURATIONS\n");
    return 2;
  }
  const std::filesystem::path folder = std::filesystem::path(corpora) / "openapi-documents" / "real";
  std::vector<std::string> documents;
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    documents.push_back(read_file(entry.path()));
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) largest = entry.path();
  }
  const Configured real{read_file(largest),
                        read_file(std::filesystem::path(argv[1]) / (largest.stem().string() + ".yaml"))};
  const Configured synthetic{generated(), "issuers: [{issuer: 'https://issuer.example', audiences: [a]}]\n"};
  Table table;
  const std::string real_name =
      largest.stem().string() + " (" + std::to_string(real.document.size() / 1000) + " KB)";
  const std::string generated_name =
      "generated (" + std::to_string(synthetic.document.size() / 1000) + " KB)";
  // Memory first: what a process has touched once stays with it.
  measure_memory(table, real_name, real);
  measure_memory(table, generated_name, synthetic);
  measure_loading(table, real_name, real, 150);
  measure_loading(table, generated_name, synthetic, 1000);
  measure_reading(table, documents);
  return table.all_met() ? 0 : 1;
}
