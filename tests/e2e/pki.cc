#include "e2e/pki.h"

#include <gtest/gtest.h>

#include "e2e/process.h"

namespace caponier::e2e {
namespace {

void must(const Words& words) {
  const Finished done = run(words);
  EXPECT_EQ(done.status, 0) << words[1] << ": " << done.err;
}

}  // namespace

Pki::Pki()
    : config_(folder_.write("openssl.cnf",
                            "[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=d\n[d]\ndatabase=" +
                                folder_.file("index.txt") + "\ncrlnumber=" + folder_.file("crlnumber") +
                                "\ndefault_md=sha256\ndefault_crl_days=1\ncertificate=" +
                                folder_.file("ca.pem") + "\nprivate_key=" + folder_.file("ca.key") + "\n")) {
  folder_.write("index.txt", "");
  folder_.write("crlnumber", "01\n");
  must({"openssl",
        "req",
        "-config",
        config_,
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        folder_.file("ca.key"),
        "-out",
        ca(),
        "-subj",
        "/CN=Test authority",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=keyCertSign,cRLSign",
        "-addext",
        "subjectKeyIdentifier=hash",
        "-days",
        "2"});
}

Pki::Files Pki::issue(const std::string& name, const std::string& subject,
                      const std::string& alternatives) const {
  Files files{folder_.file(name + ".pem"), folder_.file(name + ".key")};
  must({"openssl",
        "req",
        "-config",
        config_,
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        files.key,
        "-out",
        files.certificate,
        "-subj",
        subject,
        "-addext",
        "subjectAltName=" + alternatives,
        "-days",
        "2",
        "-CA",
        ca(),
        "-CAkey",
        folder_.file("ca.key")});
  return files;
}

Pki::Files Pki::self_signed(const std::string& name, const std::string& subject) const {
  Files files{folder_.file(name + ".pem"), folder_.file(name + ".key")};
  must({"openssl", "req", "-config", config_, "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", files.key, "-out", files.certificate, "-subj", subject, "-days", "2"});
  return files;
}

void Pki::revoke(const Files& files) const {
  must({"openssl", "ca", "-config", config_, "-revoke", files.certificate});
}

std::string Pki::revocation_list(const std::string& name, bool expired) const {
  std::string file = folder_.file(name);
  Words words = {"openssl", "ca", "-config", config_, "-gencrl", "-out", file};
  if (expired) {
    words.insert(words.end(), {"-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"});
  }
  must(words);
  return file;
}

}  // namespace caponier::e2e
