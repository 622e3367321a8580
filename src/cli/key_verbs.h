// The verbs below `caponier keys`.
#pragma once

#include <string>

#include "cli/arguments.h"

namespace caponier::cli {

int create_key(Words words);
int list_keys(Words words);
int show_key(Words words);
int rotate_key(Words words);
int revoke_key(Words words);
// Ends the key that is named; also what `caponier revoke key` does.
int revoke_key_by(const Arguments& arguments, const std::string& id);
int expire_key(Words words);
int check_key_format(Words words);

}  // namespace caponier::cli
