// The command line: one file per verb, this is the door.
#pragma once

#include <string_view>

namespace caponier::cli {

// Exit status: 0 done, 1 findings or a negative answer, 2 it could not be done.
int run(int argc, char** argv);

// "0.1.0".
std::string_view version();

}  // namespace caponier::cli
