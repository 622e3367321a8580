#include "openapi/contract.h"

namespace caponier::openapi {

std::string Operation::label() const {
  std::string out(http::name(method));
  out += ' ';
  out += path;
  return out;
}

}  // namespace caponier::openapi
