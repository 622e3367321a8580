#include "base/text_writer.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

TEST(TextWriter, pieces_stand_in_order_behind_what_was_there) {
  std::string out = "before|";
  {
    TextWriter text(out);
    text.put("literal").put(std::string_view(" view")).put(' ').decimal(0).put(' ').decimal(UINT64_MAX);
    EXPECT_EQ(out, "before|");
  }
  EXPECT_EQ(out, "before|literal view 0 18446744073709551615");
}

TEST(TextWriter, nothing_put_appends_nothing) {
  std::string out;
  { TextWriter(out).put(std::string_view()).put(""); }
  EXPECT_EQ(out, "");
}

// Whatever stands before it, a piece fits, or the buffer is emptied first.
TEST(TextWriter, pieces_of_every_length_around_the_buffers_end_stay_whole) {
  for (std::size_t before = 990; before <= 1030; ++before) {
    for (const std::size_t length : {0, 1, 20, 34, 35, 1023, 1024, 1025, 5000}) {
      const std::string filling(before, 'f');
      const std::string piece(length, 'p');
      std::string out;
      {
        TextWriter text(out);
        text.put(filling).put(piece).put("literal").put('c').decimal(12345678901234567890U);
      }
      EXPECT_EQ(out, filling + piece + "literalc12345678901234567890") << before << " " << length;
    }
  }
}

TEST(TextWriter, a_flush_shows_what_was_put_so_far) {
  std::string out;
  TextWriter text(out);
  text.put("one").flush();
  EXPECT_EQ(out, "one");
  text.put("two").flush();
  EXPECT_EQ(out, "onetwo");
}

}  // namespace
}  // namespace caponier
