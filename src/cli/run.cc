// caponier run: serve an API by its document.

#include <vector>

#include "cli/arguments.h"
#include "cli/run_options.h"
#include "cli/serve.h"
#include "cli/verbs.h"

namespace caponier::cli {
namespace {

std::vector<Option> options() {
  std::vector<Option> out = run_options();
  out.push_back({"--take-over", "SOCKET",
                 "take the listening sockets of the running gateway whose `handover` this is; it drains"});
  return out;
}

const Verb& verb() {
  static const Verb kVerb{
      "caponier run --contract FILE --upstream URL [--dev | --cert FILE --key FILE], or --config FILE",
      "Serves the API that the document declares, and nothing else. --dev is for a laptop: loopback only, "
      "a local certificate, and a local issuer whose tokens `caponier token` makes.",
      options()};
  return kVerb;
}

}  // namespace

int run_gateway(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  auto request = load_request(arguments);
  if (!request) return fail(request.error());
  request->take_over = arguments.text("--take-over");
  return serve(*request, {});
}

}  // namespace caponier::cli
