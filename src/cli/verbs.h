// The verbs, one file each. Each takes the words behind its name and returns the process's exit status.
#pragma once

#include "cli/arguments.h"

namespace caponier::cli {

int run_gateway(Words words);  // run
int demo(Words words);
int token(Words words);
int keys(Words words);
int identity_keys(Words words);  // identity-keys
int revoke(Words words);
int revocations(Words words);
int passwd(Words words);
int explain(Words words);
int validate(Words words);
int match_request(Words words);  // match

}  // namespace caponier::cli
