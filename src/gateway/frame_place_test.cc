#include "gateway/frame_place.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caponier::gateway {
namespace {

using namespace std::string_literals;

std::string frame(char first, const std::string& payload) {
  std::string out(1, first);
  const std::size_t size = payload.size();
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size < 65536) {
    out += '\x7e';
    out += static_cast<char>(size >> 8);
    out += static_cast<char>(size & 0xff);
  } else {
    out += "\x7f\0\0\0\0"s;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  }
  return out + payload;
}

// Every place where a frame may be added, as the bytes go by one at a time.
std::vector<std::size_t> places_of(const std::string& bytes) {
  FramePlace place;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    place.pass(bytes.substr(i, 1));
    if (place.may_add()) places.push_back(i + 1);
  }
  return places;
}

TEST(FramePlace, a_frame_may_be_added_before_the_first_and_behind_each) {
  EXPECT_TRUE(FramePlace().may_add());
  std::string bytes;
  std::vector<std::size_t> ends;
  for (const std::size_t size : {0, 1, 125, 126, 127, 65535, 65536}) {
    bytes += frame('\x82', std::string(size, '\x88'));
    ends.push_back(bytes.size());
  }
  EXPECT_EQ(places_of(bytes), ends);
  FramePlace whole;
  whole.pass(bytes);
  EXPECT_TRUE(whole.may_add());
}

TEST(FramePlace, between_the_frames_of_one_message_there_is_a_place) {
  const std::string bytes = frame('\x01', "a") + frame('\x80', "b");
  EXPECT_EQ(places_of(bytes), (std::vector<std::size_t>{3, 6}));
}

TEST(FramePlace, a_mask_belongs_to_the_head) {
  EXPECT_EQ(places_of("\x81\x81maskx"s), (std::vector<std::size_t>{7}));
}

TEST(FramePlace, behind_a_close_frame_there_is_no_place) {
  EXPECT_TRUE(places_of(frame('\x88', "\x03\xe8") + frame('\x81', "late")).empty());
}

TEST(FramePlace, a_length_of_all_64_bits_never_ends) {
  EXPECT_TRUE(places_of("\x82\x7f"s + std::string(8, '\xff') + std::string(1000, 'x')).empty());
}

}  // namespace
}  // namespace caponier::gateway
