#include <catch2/catch.hpp>

#include <set>
#include <string>

#include "base/ascii.h"
#include "smime/protection.h"

namespace paraph::smime {
namespace {

TEST_CASE("the reason table has a row for every reason, in order", "[reasons]") {
  const auto& table = reason_table();
  REQUIRE(table.size() == static_cast<std::size_t>(Reason::limit_exceeded) + 1);
  std::set<std::string> codes;
  for (std::size_t i = 0; i < table.size(); ++i) {
    INFO(table[i].code);
    CHECK(table[i].reason == static_cast<Reason>(i));
    CHECK(&row(table[i].reason) == &table[i]);
    CHECK(codes.insert(std::string(table[i].code)).second);
  }
}

TEST_CASE("sentences are sentences, and members are spared the jargon", "[reasons]") {
  for (const ReasonRow& entry : reason_table()) {
    INFO(entry.code);
    for (const std::string_view sentence : {entry.for_members, entry.for_administrators}) {
      CHECK(sentence.size() > 20);
      CHECK(sentence.back() == '.');
      CHECK(sentence.find("  ") == std::string_view::npos);
    }
    CHECK(entry.for_members.find('.') == entry.for_members.size() - 1);
    for (const char* jargon :
         {"CMS", "RFC", "SignedData", "SignerInfo", "RecipientInfo", "digest", "MIME", "`"}) {
      CHECK(entry.for_members.find(jargon) == std::string_view::npos);
    }
  }
}

TEST_CASE("the statuses that the command line contract names", "[reasons]") {
  CHECK(row(Reason::not_yet_valid).status == SignatureStatus::expired);
  CHECK(row(Reason::wrong_usage).status == SignatureStatus::untrusted);
  CHECK(row(Reason::several_signers).status == SignatureStatus::malformed);
  CHECK(row(Reason::unsafe_octets).status == SignatureStatus::malformed);
  CHECK(row(Reason::revocation_unknown).status == SignatureStatus::valid);
  CHECK(row(Reason::signs_ciphertext).status == SignatureStatus::none);
  CHECK(row(Reason::not_whole_message).status == SignatureStatus::none);
  for (const ReasonRow& entry : reason_table()) {
    INFO(entry.code);
    CHECK(entry.denies_smime == (entry.reason != Reason::revocation_unknown));
  }
}

TEST_CASE("names of statuses and layers", "[reasons]") {
  CHECK(to_string(SignatureStatus::none) == "none");
  CHECK(to_string(SignatureStatus::malformed) == "malformed");
  CHECK(to_string(LayerType::multipart_signed) == "multipart/signed");
  CHECK(to_string(LayerType::auth_enveloped_data) == "authenveloped-data");
  CHECK(to_string(LayerType::compressed_data) == "compressed-data");
}

}  // namespace
}  // namespace paraph::smime
