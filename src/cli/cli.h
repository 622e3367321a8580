// The command line: one file per verb, this is the door.
#pragma once

namespace caponier::cli {

// Exit status: 0 done, 1 findings or a negative answer, 2 it could not be done.
int run(int argc, char** argv);

}  // namespace caponier::cli
