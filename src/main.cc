#include "cli/cli.h"

int main(int argc, char** argv) {
  return caponier::cli::run(argc, argv);
}
