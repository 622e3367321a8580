#include "base/text_writer.h"

namespace caponier {

// A piece for which no room is left.
TextWriter& TextWriter::put_long(std::string_view text) {
  flush();
  if (text.size() <= kBufferBytes) return put(text);
  out_.append(text);
  return *this;
}

}  // namespace caponier
