// A key set as it is kept in the state directory, one file per issuer, so that a restart while the issuer is
// away does not lock its callers out. What is read is judged as if it had just been fetched, and is as old as
// it was.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace caponier::fetch {

struct StoredKeys {
  std::string issuer;
  std::string place;  // the URL that leads to the set: keys from elsewhere are other keys
  std::int64_t fetched_at_ms = 0;
  std::string text;  // of the set, as it came
};

// "keys-" and a digest of issuer and place.
std::string stored_keys_name(std::string_view issuer, std::string_view place);
std::string to_text(const StoredKeys& keys);
Result<StoredKeys, std::string> parse_stored_keys(std::string_view text);

// Writes on a thread of its own: a worker does not wait for a disk. Of several sets for one file that wait,
// the last is written.
class KeyArchive {
 public:
  // An empty directory: nothing is kept. `failed` is told, on that thread, what could not be written.
  KeyArchive(std::string directory, std::function<void(std::string)> failed);
  ~KeyArchive() { close(); }
  KeyArchive(const KeyArchive&) = delete;
  KeyArchive& operator=(const KeyArchive&) = delete;

  [[nodiscard]] bool keeps() const { return !directory_.empty(); }
  void keep(const StoredKeys& keys);
  // Writes what still waits, and nothing more from now on. Before what `failed` refers to goes.
  void close();
  // Of that issuer and place. An empty text: there is no file.
  [[nodiscard]] Result<StoredKeys, std::string> read(const std::string& issuer, const std::string& place,
                                                     std::uint32_t text_bytes_max) const;

 private:
  [[nodiscard]] std::string file_of(std::string_view issuer, std::string_view place) const;
  void work();

  std::string directory_;
  std::function<void(std::string)> failed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> waiting_;  // by file
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace caponier::fetch
