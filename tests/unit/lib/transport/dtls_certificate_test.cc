#include "lib/transport/dtls_certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>

#include "tests/unit/lib/transport/dtls_pair.h"

namespace eir {
namespace {

TEST(DtlsCertificate, IsSelfSignedOnP256WithCommonNameEir) {
  const DtlsCertificate& certificate = server_certificate();
  EXPECT_EQ(X509_verify(certificate.x509(), certificate.private_key()), 1);
  char group[32];
  EXPECT_EQ(EVP_PKEY_get_group_name(certificate.private_key(), group, sizeof group, nullptr), 1);
  EXPECT_STREQ(group, "prime256v1");
  char name[32];
  EXPECT_EQ(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.x509()), NID_commonName, name, sizeof name), 3);
  EXPECT_STREQ(name, "eir");
  EXPECT_EQ(X509_NAME_cmp(X509_get_subject_name(certificate.x509()), X509_get_issuer_name(certificate.x509())), 0);
}

TEST(DtlsCertificate, TwoHaveDifferentSerialsAndFingerprints) {
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(server_certificate().x509()),
                             X509_get0_serialNumber(client_certificate().x509())),
            0);
  EXPECT_FALSE(server_certificate().fingerprint() == client_certificate().fingerprint());
}

TEST(DtlsCertificate, SurvivesPemInEitherOrder) {
  const std::string pem = server_certificate().to_pem();
  const auto read = DtlsCertificate::from_pem(pem);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->fingerprint(), server_certificate().fingerprint());
  const size_t key = pem.find("-----BEGIN PRIVATE KEY");
  ASSERT_NE(key, std::string::npos);
  const auto turned = DtlsCertificate::from_pem(pem.substr(key) + pem.substr(0, key));
  ASSERT_TRUE(turned);
  EXPECT_EQ(turned->fingerprint(), server_certificate().fingerprint());
}

TEST(DtlsCertificate, RefusesPemThatLacksAPartOrMixesTwo) {
  const std::string server = server_certificate().to_pem();
  const std::string client = client_certificate().to_pem();
  const size_t server_key = server.find("-----BEGIN PRIVATE KEY");
  const size_t client_key = client.find("-----BEGIN PRIVATE KEY");
  EXPECT_FALSE(DtlsCertificate::from_pem(server.substr(0, server_key)));
  EXPECT_FALSE(DtlsCertificate::from_pem(server.substr(server_key)));
  EXPECT_FALSE(DtlsCertificate::from_pem(server.substr(0, server_key) + client.substr(client_key)));
  EXPECT_FALSE(DtlsCertificate::from_pem(""));
  EXPECT_FALSE(DtlsCertificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST(CertificateFingerprint, TextAndParseAreInverse) {
  const CertificateFingerprint& fingerprint = server_certificate().fingerprint();
  const std::string text = fingerprint.text();
  EXPECT_EQ(text.size(), 95U);
  EXPECT_EQ(CertificateFingerprint::parse("sha-256", text), fingerprint);
  EXPECT_EQ(CertificateFingerprint::parse("SHA-256", text), fingerprint);
}

// SHA-256 of the bytes is not what is tested here, the writing is.
TEST(CertificateFingerprint, WritesPairsOfUpperCaseDigits) {
  CertificateFingerprint fingerprint;
  fingerprint.bytes[0] = 0xab;
  fingerprint.bytes[1] = 0x0c;
  EXPECT_EQ(fingerprint.text().substr(0, 8), "AB:0C:00");
  EXPECT_EQ(fingerprint.algorithm(), "sha-256");
}

TEST(CertificateFingerprint, RefusesWeakHashesAndBrokenText) {
  const std::string good = server_certificate().fingerprint().text();
  EXPECT_FALSE(CertificateFingerprint::parse("sha-1", good.substr(0, 59)));
  EXPECT_FALSE(CertificateFingerprint::parse("md5", good.substr(0, 47)));
  EXPECT_FALSE(CertificateFingerprint::parse("sha-512", good));
  EXPECT_FALSE(CertificateFingerprint::parse("sha-256", ""));
  EXPECT_FALSE(CertificateFingerprint::parse("sha-256", good.substr(0, 94)));
  EXPECT_FALSE(CertificateFingerprint::parse("sha-256", good + ":00"));
  std::string broken = good;
  broken[2] = '-';
  EXPECT_FALSE(CertificateFingerprint::parse("sha-256", broken));
  broken = good;
  broken[94] = 'G';
  EXPECT_FALSE(CertificateFingerprint::parse("sha-256", broken));
}

}  // namespace
}  // namespace eir
