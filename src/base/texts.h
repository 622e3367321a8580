// Lists of texts in one piece of memory each, for what is kept by the hundred thousand: packed, each text
// behind its length; or, where no text holds a space, as words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace caponier {

// Reads a packed list; views it.
class Texts {
 public:
  // To the end of the list.
  static void append(std::string& packed, std::string_view text) {
    append_size(packed, text.size());
    packed += text;
  }
  // The text at the beginning of `packed`, which begins with one.
  static std::string_view first(std::string_view packed) {
    std::size_t size = 0;
    std::size_t at = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(packed[at++]);
      size |= static_cast<std::size_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    return packed.substr(at, size);
  }

  class Iterator {
   public:
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = std::string_view;

    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) {}
    std::string_view operator*() const { return first(rest_); }
    Iterator& operator++() {
      const std::string_view text = first(rest_);
      rest_.remove_prefix(static_cast<std::size_t>(text.data() + text.size() - rest_.data()));
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    std::string_view rest_;
  };

  using value_type = std::string_view;
  using iterator = Iterator;
  using const_iterator = Iterator;

  Texts() = default;
  explicit Texts(std::string_view packed) : packed_(packed) {}
  [[nodiscard]] Iterator begin() const { return Iterator(packed_); }
  [[nodiscard]] Iterator end() const { return Iterator(packed_.substr(packed_.size())); }
  [[nodiscard]] bool empty() const { return packed_.empty(); }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(std::ranges::distance(begin(), end()));
  }
  [[nodiscard]] std::string_view front() const { return first(packed_); }
  [[nodiscard]] bool contains(std::string_view text) const { return std::ranges::find(*this, text) != end(); }

 private:
  static void append_size(std::string& packed, std::size_t size) {
    for (; size >= 0x80; size >>= 7) packed += static_cast<char>((size & 0x7F) | 0x80);
    packed += static_cast<char>(size);
  }

  std::string_view packed_;
};

// The words of `text` behind those of `words`, with one space between any two.
inline void append_words(std::string& words, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      if (!words.empty()) words += ' ';
      words += text.substr(0, end);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Whether one of the words is `word`.
inline bool has_word(std::string_view words, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

}  // namespace caponier
