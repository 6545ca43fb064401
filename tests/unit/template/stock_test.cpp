// Every stock template, with all its data and with hardly any.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/ascii.h"
#include "template/template.h"

using namespace paraph;
using namespace paraph::tt2;

namespace {

const std::string kDirectory = std::string(PARAPH_SOURCE_DIR) + "/templates/mail_tt2/";

std::optional<Source> from_disk(std::string_view name) {
  const std::string path = kDirectory + std::string(name);
  std::ifstream in(path);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return Source{text.str(), path};
}

Value hash(std::map<std::string, Value> entries) {
  return Value::of(std::move(entries));
}

struct Case {
  std::string name;
  Data data;
  std::vector<std::string> says;
};

const Value kList = hash({{"name", "secure"}, {"domain", "lists.example.org"}});
const Value kUser = hash({{"email", "bob@example.org"}});

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const char* why :
       {"missing", "expired", "not_yet_valid", "revoked", "weak_key", "wrong_usage", "untrusted",
        "unreadable", "is_ca", "unsupported_key", "future"})
    out.push_back(
        {"x509-user-cert-missing.tt2",
         {{"case", why},
          {"reason", "It ended on 2026-11-02."},
          {"detail", "serial 4F9A21"},
          {"list", kList},
          {"user", kUser},
          {"sender", "ann@example.org"},
          {"missed_count", "3"},
          {"message_id", "1@example.org"},
          {"subject", "CANARY"}},
         {"sympa@lists.example.org", "secure-request@lists.example.org", "bob@example.org",
          "ann@example.org", "3 encrypted", "<1@example.org>", "WHAT TO DO"}});
  out.push_back({"x509-user-cert-missing.tt2",
                 {{"list", kList}},
                 {"no certificate of yours", "sympa@lists.example.org"}});
  const Value certificate = hash({{"subject", "CN=Bob"},
                                  {"issuer", "CN=CA"},
                                  {"serial", "4F9A21"},
                                  {"sha256", "3A:9F:22:C0"},
                                  {"not_after", "2027-01-01"}});
  for (const char* outcome : {"stored", "replaced", "already", "kept_newer", "pending"})
    for (const char* usage : {"signing", "encryption", "both"})
      out.push_back({"certificate-stored.tt2",
                     {{"outcome", outcome},
                      {"usage", usage},
                      {"user", kUser},
                      {"domain", "lists.example.org"},
                      {"certificate", certificate}},
                     {"CN=Bob", "CN=CA", "4F9A21", "3A:9F:22:C0", "2027-01-01",
                      "listmaster@lists.example.org"}});
  out.push_back({"certificate-stored.tt2",
                 {{"user", kUser}, {"domain", "lists.example.org"}},
                 {"is now stored for"}});
  for (const char* reason :
       {"signer_is_not_sender", "expired", "stale_signature", "untrusted_issuer", "bad_signature",
        "several_from", "own_address", ""})
    out.push_back({"certificate-refused.tt2",
                   {{"reason", reason},
                    {"sentence", "The signature is somebody else's."},
                    {"user", kUser},
                    {"domain", "lists.example.org"}},
                   {"somebody else's", reason, "WHAT TO DO", "listmaster@lists.example.org"}});
  out.push_back({"certificate-refused.tt2", {{"domain", "lists.example.org"}}, {"did not prove"}});
  for (const char* reason : {"send_subscriber",
                             "send_subscriber_smime",
                             "send_closed",
                             "send_editor",
                             "send_owner",
                             "list-no-open",
                             "too_large",
                             "no_from",
                             "several_from",
                             "unsafe_octets",
                             "encrypted_not_signed",
                             "signer_is_not_sender",
                             "decryption_failed",
                             "malformed",
                             "no_command",
                             "loop",
                             "no-rule-match",
                             "error-performing-condition",
                             "not-compiled",
                             "not_authorized",
                             "unknown_domain"}) {
    const Data data{{"reason", reason},
                    {"list", kList},
                    {"domain", "lists.example.org"},
                    {"message_id", "1@example.org"},
                    {"size", "5000"},
                    {"max_size", "100"}};
    out.push_back({"report.tt2",
                   data,
                   {"secure@lists.example.org", reason, "secure-request@lists.example.org",
                    "<1@example.org>"}});
    out.push_back({"reject.tt2", data, {"Subject: Your message to secure", reason}});
  }
  out.push_back({"report.tt2",
                 {{"reason", "unknown_list"},
                  {"domain", "lists.example.org"},
                  {"address", "nolist@lists.example.org"}},
                 {"nolist@lists.example.org", "spelt", "listmaster@lists.example.org"}});
  out.push_back(
      {"report.tt2",
       {{"reason", "new_reason"}, {"detail", "It rains."}, {"domain", "lists.example.org"}},
       {"It rains."}});
  out.push_back(
      {"reject.tt2", {{"domain", "lists.example.org"}}, {"Your message was not delivered"}});
  out.push_back(
      {"listmaster-notification.tt2",
       {{"type", "quarantined"},
        {"id", "5jv02"},
        {"list", kList},
        {"reason", "worker died"},
        {"attempts", "3"}},
       {"5jv02", "secure@lists.example.org", "worker died", "3 times", "paraph spool show 5jv02"}});
  out.push_back(
      {"listmaster-notification.tt2",
       {{"id", "5jv02"},
        {"address", "secure@lists.example.org"},
        {"domain", "example.org"},
        {"reason", "no_from"}},
       {"5jv02 for secure@lists.example.org is in quarantine", "paraph spool show 5jv02"}});
  out.push_back({"listmaster-notification.tt2",
                 {{"type", "other"}, {"domain", "lists.example.org"}},
                 {"lists.example.org", "paraph status"}});
  return out;
}

}  // namespace

TEST_CASE("stock templates say what they should, without holes") {
  std::set<std::string> tried;
  for (const auto& c : cases()) {
    const auto got = render(c.name, from_disk, c.data);
    INFO(c.name << "\n" << (got ? *got : got.error().what()));
    REQUIRE(got);
    tried.insert(c.name);
    for (const auto& text : c.says) CHECK(got->find(text) != std::string::npos);
    CHECK(got->find("CANARY") == std::string::npos);
    // Holes that an unset variable would leave.
    for (const char* hole : {"[%", "%]", "%1", "%2", "<>", "()", "@.", " @", "@\n", "  \n", " \n",
                             " ,", " .", "\n\n\n", ": \n", "as ,"}) {
      INFO("hole \"" << hole << "\"");
      CHECK(got->find(hole) == std::string::npos);
    }
    for (const auto line : ascii::lines(*got)) {
      INFO(line);
      CHECK(line.size() <= 78);
      if (c.name != "certificate-stored.tt2") CHECK(line.size() <= 72);
    }
    const bool has_header = c.name != "report.tt2";
    CHECK((got->rfind("Subject: ", 0) == 0) == has_header);
    if (has_header) CHECK(got->find("\n\n") == got->find('\n'));
    CHECK(got->back() == '\n');
    CHECK(got->substr(got->size() - 2) != "\n\n");
  }
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory))
    CHECK(tried.count(entry.path().filename().string()) == 1);
}

TEST_CASE("each reason of a certificate notice has its own words") {
  std::set<std::string> texts;
  for (const char* why : {"missing", "expired", "not_yet_valid", "revoked", "weak_key",
                          "wrong_usage", "untrusted", "unreadable", "is_ca", "unsupported_key"})
    texts.insert(*render("x509-user-cert-missing.tt2", from_disk,
                         {{"case", why}, {"list", kList}, {"user", kUser}}));
  CHECK(texts.size() == 10);
}
