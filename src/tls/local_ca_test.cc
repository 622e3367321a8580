#include "tls/local_ca.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "tls/handles.h"

namespace caponier::tls {
namespace {

constexpr std::int64_t kNow = 1'900'000'000;
constexpr std::int64_t kDayS = 86'400;

CertificateHandle parse(const std::string& pem) {
  bool malformed = false;
  const BioHandle bio = text_bio(pem);
  return read_certificate(*bio, malformed);
}

using StoreHandle = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, FreedBy<X509_STORE_CTX_free>>;

// X509_V_OK or what is wrong with `leaf` under `authority` at `at_s`.
int verify(X509* authority, X509* leaf, std::int64_t at_s) {
  const StoreHandle store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority);
  const StoreContextHandle context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_STORE_CTX_set_time(context.get(), 0, at_s);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

bool is_critical(X509* certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1;
}

TEST(LocalCa, its_leaf_holds_for_loopback_names_for_seven_days) {
  const auto authority = create_local_ca(kNow);
  ASSERT_TRUE(authority.ok()) << authority.error();
  const auto leaf = issue_local_leaf(authority->certificate_pem, authority->key_pem.reveal(), kNow);
  ASSERT_TRUE(leaf.ok()) << leaf.error();
  const auto parent = parse(authority->certificate_pem);
  const auto child = parse(leaf->certificate_pem);
  EXPECT_EQ(verify(parent.get(), child.get(), kNow), X509_V_OK);
  EXPECT_EQ(verify(parent.get(), child.get(), kNow + 7 * kDayS - 1), X509_V_OK);
  EXPECT_EQ(verify(parent.get(), child.get(), kNow + 7 * kDayS), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(*seconds_left(leaf->certificate_pem, kNow), 7 * kDayS);
  EXPECT_EQ(*seconds_left(leaf->certificate_pem, kNow + 8 * kDayS), -kDayS);
  EXPECT_EQ(X509_check_host(child.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(child.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(child.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(child.get(), "example.com", 0, 0, nullptr), 0);
}

TEST(LocalCa, what_limits_it_is_critical) {
  const auto authority = create_local_ca(kNow);
  const auto certificate = parse(authority->certificate_pem);
  EXPECT_TRUE(is_critical(certificate.get(), NID_basic_constraints));
  EXPECT_TRUE(is_critical(certificate.get(), NID_name_constraints));
  EXPECT_TRUE(is_critical(certificate.get(), NID_key_usage));
  EXPECT_EQ(X509_get_pathlen(certificate.get()), 0);
  EXPECT_NE(X509_get_extension_flags(certificate.get()) & EXFLAG_CA, 0U);
}

// What somebody who stole the key could make.
CertificateHandle forge(const Issued& authority, const char* names) {
  const auto parent = parse(authority.certificate_pem);
  const KeyHandle key = read_key(authority.key_pem.reveal());
  CertificateHandle forged(X509_new());
  X509_set_version(forged.get(), X509_VERSION_3);
  ASN1_TIME_set(X509_getm_notBefore(forged.get()), kNow);
  ASN1_TIME_set(X509_getm_notAfter(forged.get()), kNow + kDayS);
  X509_set_pubkey(forged.get(), key.get());
  X509_set_issuer_name(forged.get(), X509_get_subject_name(parent.get()));
  const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names));
  X509_add_ext(forged.get(), extension.get(), -1);
  X509_sign(forged.get(), key.get(), EVP_sha256());
  return forged;
}

TEST(LocalCa, stolen_key_attack_opens_nothing_but_loopback) {
  const auto authority = create_local_ca(kNow);
  const auto parent = parse(authority->certificate_pem);
  const struct {
    const char* names;
    int error;
  } cases[] = {
      {"DNS:localhost", X509_V_OK},
      {"IP:127.9.9.9", X509_V_OK},
      {"DNS:example.com", X509_V_ERR_PERMITTED_VIOLATION},
      {"DNS:localhost,DNS:example.com", X509_V_ERR_PERMITTED_VIOLATION},
      {"IP:10.0.0.1", X509_V_ERR_PERMITTED_VIOLATION},
      {"IP:0:0:0:0:0:0:0:2", X509_V_ERR_PERMITTED_VIOLATION},
  };
  for (const auto& c : cases) {
    const auto forged = forge(*authority, c.names);
    EXPECT_EQ(verify(parent.get(), forged.get(), kNow + 1), c.error) << c.names;
  }
}

TEST(LocalCa, two_authorities_differ_in_key_and_serial) {
  const auto one = create_local_ca(kNow);
  const auto two = create_local_ca(kNow);
  EXPECT_NE(one->key_pem.reveal(), two->key_pem.reveal());
  const auto first = parse(one->certificate_pem);
  const auto second = parse(two->certificate_pem);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(first.get()), X509_get0_serialNumber(second.get())), 0);
  const auto crossed = issue_local_leaf(one->certificate_pem, two->key_pem.reveal(), kNow);
  ASSERT_FALSE(crossed.ok());
  EXPECT_EQ(crossed.error(), "the key of the local authority does not belong to its certificate");
}

TEST(LocalCa, what_is_no_certificate_or_key_is_an_error) {
  const auto authority = create_local_ca(kNow);
  EXPECT_FALSE(issue_local_leaf("", authority->key_pem.reveal(), kNow).ok());
  EXPECT_FALSE(issue_local_leaf(authority->certificate_pem, "", kNow).ok());
  EXPECT_FALSE(seconds_left("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", kNow).ok());
}

}  // namespace
}  // namespace caponier::tls
