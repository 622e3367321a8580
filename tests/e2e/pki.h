// A certificate authority for one test, by openssl: certificates of servers and clients, and revocation
// lists.
#pragma once

#include <string>

#include "base/test_folder.h"

namespace caponier::e2e {

class Pki {
 public:
  struct Files {
    std::string certificate;
    std::string key;
  };

  Pki();
  [[nodiscard]] std::string ca() const { return folder_.file("ca.pem"); }
  // `alternatives`: as openssl writes them, "DNS:a.example,DNS:*.b.example".
  [[nodiscard]] Files issue(const std::string& name, const std::string& subject,
                            const std::string& alternatives) const;
  // Not by this authority.
  [[nodiscard]] Files self_signed(const std::string& name, const std::string& subject) const;
  void revoke(const Files& files) const;
  // The list as of now; `expired`: it was good for a day, years ago.
  [[nodiscard]] std::string revocation_list(const std::string& name, bool expired = false) const;

 private:
  TestFolder folder_;
  std::string config_;
};

}  // namespace caponier::e2e
