#include "cms/path_memory.h"

#include <catch2/catch.hpp>

#include "cms/crl.h"
#include "cms/trust.h"
#include "support/pki.h"

// The law: whatever was asked before, anchors that remember answer like anchors that were never asked.

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using Purpose = TrustAnchors::Purpose;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const TimePoint kAt{seconds(testing::kNow)};

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

/// ca → middle → member.
std::vector<Certificate> issue_middle() {
  static const bool issued = [] {
    auto& pki = Pki::shared();
    pki.issue({.name = "pathmiddle", .extensions = testing::Wanted::kCaExtensions});
    pki.issue({.name = "pathmember", .emails = {"path@example.org"}, .issuer = "pathmiddle"});
    return true;
  }();
  REQUIRE(issued);
  return {load("pathmiddle")};
}

struct Chain {
  std::vector<Certificate> anchors{load("ca")};
  std::vector<Certificate> middle = issue_middle();
  Certificate member = load("pathmember");
  Policy policy = {};
};

bool same(const TrustAnchors::Verdict& a, const TrustAnchors::Verdict& b) {
  return a.status == b.status && a.detail == b.detail &&
         a.revocation_unknown == b.revocation_unknown;
}

}  // namespace

TEST_CASE("anchors that remember judge as new ones do, at every date that decides") {
  const Chain chain;
  const auto old = TrustAnchors::from(chain.anchors);
  std::vector<TimePoint> times;
  for (const auto& each : {chain.anchors[0], chain.middle[0], chain.member})
    for (const auto moment : {each.not_before() - minutes(5), each.not_before(), each.not_after()})
      for (const int shift : {-3600, -1, 0, 1, 3600}) times.push_back(moment + seconds(shift));
  times.push_back(kAt);
  int good = 0;
  for (int round = 0; round < 3; ++round)
    for (const auto at : times)
      for (const auto purpose : {Purpose::sign, Purpose::encrypt}) {
        const auto now = old.judge(chain.member, chain.middle, at, purpose, chain.policy);
        const auto anew = TrustAnchors::from(chain.anchors)
                              .judge(chain.member, chain.middle, at, purpose, chain.policy);
        CHECK(same(now, anew));
        good += now.status == ChainStatus::good ? 1 : 0;
      }
  CHECK(good > 0);
}

TEST_CASE("a remembered path answers no other question") {
  const Chain chain;
  const auto anchors = TrustAnchors::from(chain.anchors);
  const auto judge = [&](const Certificate& leaf, const std::vector<Certificate>& untrusted,
                         const Policy& policy) {
    return anchors.judge(leaf, untrusted, kAt, Purpose::sign, policy).status;
  };
  REQUIRE(judge(chain.member, chain.middle, {}) == ChainStatus::good);
  CHECK(judge(chain.member, {}, {}) == ChainStatus::untrusted_issuer);
  CHECK(judge(chain.member, chain.middle, {.min_rsa_bits = 4096}) == ChainStatus::weak_key);
  CHECK(judge(chain.member, chain.middle, {.required_policies = {"1.2.3"}}) ==
        ChainStatus::wrong_policy);
  CHECK(judge(load("mallory"), chain.middle, {}) == ChainStatus::untrusted_issuer);
}

TEST_CASE("revocation is asked anew of a remembered path") {
  const Chain chain;
  const auto anchors = TrustAnchors::from(chain.anchors);
  const auto unknown = [&](CrlCheck check) {
    return anchors
        .judge(chain.member, chain.middle, kAt, Purpose::sign, {},
               {.check = check, .crls = {}, .now = kAt})
        .revocation_unknown;
  };
  CHECK(unknown(CrlCheck::off).empty());
  CHECK_FALSE(unknown(CrlCheck::soft).empty());
  CHECK(unknown(CrlCheck::off).empty());
}

TEST_CASE("what is kept: good paths, between two dates, and no more than so many") {
  const Chain chain;
  PathMemory memory(2);
  const auto keep = [&](TimePoint at, const std::vector<Certificate>& untrusted) {
    memory.keep({chain.member, untrusted, at, Purpose::sign, chain.policy}, chain.anchors, {},
                minutes(5), {true});
  };
  const auto find = [&](TimePoint at) {
    return memory.find({chain.member, chain.middle, at, Purpose::sign, chain.policy}).has_value();
  };
  keep(kAt, chain.middle);
  CHECK(find(kAt));
  CHECK(find(kAt + hours(1)));
  for (const auto& each : {chain.anchors[0], chain.middle[0], chain.member}) {
    CHECK_FALSE(find(each.not_after()));
    CHECK_FALSE(find(each.not_before()));
    CHECK_FALSE(find(each.not_before() - minutes(5)));
  }
  keep(chain.member.not_after(), chain.middle);  // no span
  CHECK(memory.size() == 1);
  keep(kAt, std::vector<Certificate>(32, chain.middle[0]));  // too much
  CHECK(memory.size() == 1);
  keep(kAt, {});
  CHECK(find(kAt));
  keep(kAt, std::vector<Certificate>(2, chain.middle[0]));
  CHECK(memory.size() == 2);
  CHECK(find(kAt));  // used last before
  CHECK_FALSE(memory.find({chain.member, {}, kAt, Purpose::sign, chain.policy}));
}
