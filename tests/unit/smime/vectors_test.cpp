#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "base/ascii.h"
#include "smime/kit.h"

// Every case of tests/vectors/cases through smime::open; tests/vectors/run.py asks the command line
// and the openssl command about the same.
namespace paraph::smime {
namespace {

using testing::Kit;

struct Case {
  std::string name;
  std::map<std::string, std::string> expected;
  std::string key = "list";
  TimePoint at = testing::kJudged;
  std::string crl;  ///< of the PKI; empty: none
  cms::CrlCheck crl_check = cms::CrlCheck::off;
  std::string policies;
};

Case read_case(const std::filesystem::path& path) {
  Case one;
  one.name = path.stem().string();
  std::istringstream text(testing::slurp(path.string()));
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string hash;
    std::string verb;
    std::string name;
    words >> hash >> verb >> name >> std::ws;
    std::string value;
    std::getline(words, value);
    if (hash == "#" && verb == "expect") {
      one.expected[name] = value;
    } else if (hash == "#" && verb == "key" && value.empty()) {
      one.key = name;
    } else if (hash == "#" && verb == "at" && value.empty()) {
      one.at = parse_time(name).value();
    } else if (hash == "#" && verb == "crl" && value.empty()) {
      one.crl = name;
      one.crl_check = cms::CrlCheck::soft;
    } else if (hash == "#" && verb == "policies" && value.empty()) {
      one.policies = name;
    } else if (hash == "#" && verb == "crl-check" && value.empty()) {
      one.crl_check = cms::crl_check_from(name).value();
    }
  }
  return one;
}

std::map<std::string, std::string> facts(const Protection& p) {
  std::string layers;
  std::string cipher;
  bool opened = true;
  for (const Layer& layer : p.layers) {
    layers += (layers.empty() ? "" : " ") + std::string(to_string(layer.type));
    cipher = cipher.empty() ? layer.cipher : cipher;
    opened = opened && layer.opened;
  }
  const auto word = [](bool yes) { return std::string(yes ? "true" : "false"); };
  return {{"status", std::string(to_string(p.signature.status))},
          {"auth_method", p.smime ? "smime" : "smtp"},
          {"reasons", testing::codes(p.reasons)},
          {"layers", layers},
          {"encrypted", word(p.encrypted)},
          {"opened", word(opened)},
          {"inside_encryption", word(p.signature.inside_encryption)},
          {"cipher", cipher}};
}

/// What holds of every judgement, whatever the message.
void check_laws(const Opened& opened) {
  const Protection& p = opened.protection;
  const bool closed = std::any_of(p.layers.begin(), p.layers.end(), [](const Layer& layer) {
    return (layer.type == LayerType::enveloped_data ||
            layer.type == LayerType::auth_enveloped_data) &&
           !layer.opened;
  });
  CHECK((!closed || !p.fully_opened));
  CHECK((p.fully_opened || !opened.innermost));
  CHECK((p.smime || !p.reasons.empty()));
  CHECK((!p.smime ||
         (p.signature.status == SignatureStatus::valid && p.signature.covers_whole_message)));
  CHECK((p.signature.status == SignatureStatus::none || !p.signature.signers.empty() ||
         p.signature.status == SignatureStatus::malformed ||
         p.signature.status == SignatureStatus::unsupported));
}

TEST_CASE("vectors", "[vectors]") {
  const Kit& kit = Kit::shared();
  kit.make_all();
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(testing::kVectors + "/cases")) {
    const Case one = read_case(entry.path());
    INFO(one.name);
    REQUIRE(one.expected.size() >= 4);
    OpenContext context = kit.context(one.key == "none" ? std::vector<std::string>{}
                                                        : std::vector<std::string>{one.key});
    context.at = one.at;
    context.revocation = {one.crl_check, kit.crls(one.crl), one.at};
    for (const auto oid : ascii::split(one.policies, ",")) {
      context.policy.required_policies.emplace_back(oid);
    }
    const Opened opened = testing::open(testing::slurp(kit.path(one.name + ".eml")), context);
    auto found = facts(opened.protection);
    for (const auto& [field, value] : one.expected) {
      INFO(field);
      CHECK(found.at(field) == value);
    }
    check_laws(opened);
    ++count;
  }
  CHECK(count > 90);
}

}  // namespace
}  // namespace paraph::smime
