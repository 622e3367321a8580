// ReadMe's examples of parameter styles: every parameter of every operation takes a value that is written as
// the document says, and refuses one that it does not declare.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "stages/match/match.h"
#include "stages/test_world.h"
#include "stages/validate/parameters.h"

namespace caponier::stages {
namespace {

namespace fs = std::filesystem;

// Everybody may call. Two forms have encodings of properties that they do not declare.
constexpr std::string_view kConfiguration = R"(upstream: http://127.0.0.1:9000
operations:
  - {path: '* /**', public: {reason: examples}}
  - {path: '* /anything/form-data/spaceDelimited', exposed: false}
  - {path: '* /anything/form-data/pipeDelimited', exposed: false}
)";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// No request has a path with a fragment: these are tried as paths of their own. And an operation without any
// response cannot be served, which the examples of 3.1 leave out.
std::string servable(std::string text) {
  replace_all(text, "/cookies#", "/cookies/");
  if (text.find("\"responses\"") == std::string::npos) {
    replace_all(text, "\"operationId\"",
                "\"responses\": {\"200\": {\"description\": \"ok\"}}, \"operationId\"");
  }
  return text;
}

struct Written {
  std::string path, query, headers, cookies;
};

std::string joined(std::string_view a, std::string_view delimiter, std::string_view b) {
  return std::string(a).append(delimiter).append(b);
}

// "[blue, black]" or {name: x, description: y} in one text.
std::string one_text(const plan::Parameter& parameter, std::string_view delimiter, bool object) {
  if (!object) return joined("blue", delimiter, "black");
  if (parameter.explode) return joined("name=x", delimiter, "description=y");
  return joined(joined("name", delimiter, "x"), delimiter, joined("description", delimiter, "y"));
}

void write_path(const plan::Parameter& parameter, bool list, bool object, std::string& path) {
  std::string text = list || object ? one_text(parameter, ",", object) : "blue";
  if (parameter.style == uri::Style::kLabel) {
    text = "." + (parameter.explode && (list || object) ? one_text(parameter, ".", object) : text);
  } else if (parameter.style == uri::Style::kMatrix) {
    const std::string prefix = ";" + parameter.name + "=";
    if (!parameter.explode || !(list || object)) {
      text.insert(0, prefix);
    } else {
      text = object ? ";name=x;description=y" : prefix + "blue" + prefix + "black";
    }
  }
  const std::string hole = "{" + parameter.name + "}";
  path.replace(path.find(hole), hole.size(), text);
}

void write_pairs(const plan::Parameter& parameter, bool list, bool object, std::string_view between,
                 std::string& out) {
  std::string text = parameter.name + "=";
  if (parameter.deep_object) {
    text = parameter.name + "[name]=x" + std::string(between) + parameter.name + "[description]=y";
  } else if (object && parameter.explode) {
    text = joined("name=x", between, "description=y");
  } else if (list && parameter.explode) {
    text = joined(text + "blue", between, text + "black");
  } else if (list || object) {
    const bool pipe = parameter.style == uri::Style::kPipe;
    text += one_text(parameter, pipe ? "%7C" : parameter.style == uri::Style::kSpace ? "%20" : ",", object);
  } else {
    text += "blue";
  }
  if (!out.empty()) out += between;
  out += text;
}

Written write(const plan::Operation& operation) {
  Written out;
  out.path = operation.path;
  for (const plan::Parameter& parameter : operation.parameters) {
    const bool list = parameter.shape->names(json::Kind::kArray);
    const bool object = parameter.shape->names(json::Kind::kObject);
    switch (parameter.in) {
      case openapi::ParameterIn::kPath:
        write_path(parameter, list, object, out.path);
        break;
      case openapi::ParameterIn::kQuery:
        write_pairs(parameter, list, object, "&", out.query);
        break;
      case openapi::ParameterIn::kHeader:
        out.headers +=
            parameter.name + ": " + (list || object ? one_text(parameter, ",", object) : "blue") + "\r\n";
        break;
      case openapi::ParameterIn::kCookie:
        write_pairs(parameter, list, object, "; ", out.cookies);
        break;
    }
  }
  return out;
}

std::string outcome(const World& world, const plan::Operation& operation, const Written& written) {
  std::string head = std::string(http::name(operation.method)) + " " + written.path;
  if (!written.query.empty()) head += "?" + written.query;
  head += " HTTP/1.1\r\n" + written.headers;
  if (!written.cookies.empty()) head += "Cookie: " + written.cookies + "\r\n";
  Request request(world, head);
  auto matched = match(request.exchange);
  if (!matched) return matched.denial()->detail;
  EXPECT_EQ(matched->operation, &operation) << head;
  auto verdict = validate_parameters(request.exchange, *matched);
  return verdict ? "ok" : verdict.denial()->detail;
}

TEST(ParameterStyles, of_every_example_are_read_as_they_are_written) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set: parameter styles skipped";
  std::size_t parameters = 0;
  for (const char* file : {"3.0/json/parameters-style.json", "3.1/json/parameters-style.json"}) {
    std::ifstream stream(fs::path(corpora) / "openapi-documents" / "readme-oas-examples" / file,
                         std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    const World world(servable(text), kConfiguration);
    ASSERT_NE(world.plan, nullptr) << file;
    for (const plan::Operation& operation : world.plan->operations) {
      const Written written = write(operation);
      EXPECT_EQ(outcome(world, operation, written), "ok")
          << file << " " << operation.label << " " << written.path << "?" << written.query << " "
          << written.cookies;
      Written more = written;
      more.query += "&undeclared=1";
      EXPECT_NE(outcome(world, operation, more), "ok") << operation.label;
      parameters += operation.parameters.size();
    }
  }
  EXPECT_EQ(parameters, 106U);
}

}  // namespace
}  // namespace caponier::stages
