// caponier passwd: a line in the file of the users of HTTP basic.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/secret.h"
#include "cli/arguments.h"
#include "cli/system_random.h"
#include "cli/verbs.h"
#include "net/descriptor.h"
#include "plan/password_users.h"
#include "store/argon2.h"
#include "store/file_lock.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::int64_t kLockWaitMs = 10'000;

const Verb& passwd_verb() {
  static const Verb kVerb{
      "caponier passwd FILE NAME",
      "Sets a user's password in a file of users for HTTP basic: a line NAME:HASH, with an argon2id hash. "
      "The password is the first line of standard input. A running gateway takes it with the next reload.",
      {{"--remove", "", "takes the user out of the file"}},
      2};
  return kVerb;
}

Result<Secret, std::string> password_in_input() {
  if (isatty(STDIN_FILENO) != 0) std::fprintf(stderr, "The password, which will be seen as it is typed: ");
  auto text = store::read_file("/dev/stdin", plan::kPasswordBytesMax + 2);
  if (!text) return Err(text.error());
  const std::size_t end = text->find_first_of("\r\n");
  if (end != std::string::npos) text->resize(end);
  Secret password(std::move(*text));
  if (password.empty()) return Err(std::string("there is no password on standard input"));
  if (password.reveal().size() > plan::kPasswordBytesMax)
    return Err("the password has more than " + std::to_string(plan::kPasswordBytesMax) + " bytes");
  return password;
}

// The file as it is to be: the user's line replaced where it stands, or added. `hash` empty: taken out.
std::string with_line(std::string_view text, std::string_view name, std::string_view hash, bool& found) {
  const std::string start = std::string(name) + ':';
  const std::string line = hash.empty() ? std::string() : start + std::string(hash) + '\n';
  std::string out;
  found = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!one.starts_with(start)) {
      out.append(one).append(1, '\n');
    } else if (!found) {
      found = true;
      out += line;
    }
  }
  if (!found) out += line;
  return out;
}

// Where the users are: at the end of links, which stay. The error is a sentence.
Result<std::string, std::string> target_of(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::is_symlink(file, error)) return file;
  const std::filesystem::path target = std::filesystem::canonical(file, error);
  if (error) return Err(file + " is a link to nothing: " + error.message());
  return target.string();
}

// While it is held, nobody else changes a file of users there: of two at once, both would read, and the last
// would win.
Result<net::Descriptor, std::string> lock_directory_of(const std::string& file) {
  std::string directory = std::filesystem::path(file).parent_path().string();
  if (directory.empty()) directory = ".";
  net::Descriptor lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) return Err("cannot open " + directory + ": " + std::strerror(errno));
  if (!store::lock_file(lock.get(), LOCK_EX, kLockWaitMs))
    return Err("cannot lock " + directory + ": " + std::strerror(errno));
  return lock;
}

Result<Unit, std::string> change(const std::string& given, const std::string& name, const std::string& hash,
                                 bool& found) {
  auto file = target_of(given);
  if (!file) return Err(file.error());
  auto lock = lock_directory_of(*file);
  if (!lock) return Err(lock.error());
  std::string before;
  if (access(file->c_str(), F_OK) == 0) {
    auto text = store::read_file(*file, plan::kUsersFileBytesMax);
    if (!text) return Err(text.error());
    before = std::move(*text);
  }
  const std::string after = with_line(before, name, hash, found);
  if (hash.empty() && !found) return Err("there is no user " + name + " in " + given);
  return store::rewrite_file(*file, after);
}

}  // namespace

int passwd(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(passwd_verb(), words, arguments)) return *status;
  if (arguments.positionals().size() != 2) return fail("say which: caponier passwd FILE NAME");
  const std::string file(arguments.positionals()[0]);
  const std::string name(arguments.positionals()[1]);
  if (!plan::is_user_name(name)) return fail("a user's name is printable, and has no colon");
  const bool remove = arguments.has("--remove");
  std::string hash;
  if (!remove) {
    const auto password = password_in_input();
    if (!password) return fail(password.error());
    SystemRandom random;
    auto made = store::hash_password(password->reveal(), random);
    if (!made) return fail(made.error());
    hash = std::move(*made);
  }
  bool found = false;
  if (const auto changed = change(file, name, hash, found); !changed) return fail(changed.error());
  std::fprintf(stderr, "%s: user %s is %s\n", file.c_str(), name.c_str(),
               remove  ? "taken out"
               : found ? "given another password"
                       : "added");
  return 0;
}

}  // namespace caponier::cli
