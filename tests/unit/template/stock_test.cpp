// Every stock template, with all its data and with hardly any.
#include <algorithm>
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
const Value kConf = hash({{"sympa", "sympa@lists.example.org"}});
const Value kUser = hash({{"email", "bob@example.org"}});

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const char* why :
       {"missing", "expired", "not_yet_valid", "revoked", "weak_key", "wrong_usage", "untrusted",
        "unreadable", "is_ca", "unsupported_key", "unsafe_key", "revocation_unknown", "future"})
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
                 {"no certificate of yours", "sympa@lists.example.org", "the list cannot do it"}});
  out.push_back({"x509-user-cert-missing.tt2",
                 {{"list", kList}, {"case", "expired"}, {"kept", "1"}},
                 {"has expired", "kept for you, this one among"}});
  for (const char* author : {"1", ""})
    out.push_back(
        {"encrypted-post-summary.tt2",
         {{"author", author},
          {"sender", "ann@example.org"},
          {"list", kList},
          {"all", "60"},
          {"able", "8"},
          {"without", "52"},
          {"rows", tt2::Value::of(std::vector<tt2::Value>{
                       hash({{"address", "bob@example.org"}, {"reason", "expired"}})})},
          {"more", "51"},
          {"message_id", "1@example.org"},
          {"subject", "CANARY"}},
         {"52 of 60", "secure@lists.example.org", "bob@example.org  expired", "51 more",
          "<1@example.org>", *author != '\0' ? "Your encrypted" : "paraph cert coverage secure"}});
  for (const char* member : {"1", ""})
    out.push_back({"certificate-pending.tt2",
                   {{"address", "bob@example.org"},
                    {"member", member},
                    {"list", kList},
                    {"issuer", "CN=Other CA"},
                    {"sha256", "3A9F22C0"},
                    {"digest", "3A9F"},
                    {"not_after", "2027-01-01"},
                    {"domain", "lists.example.org"}},
                   {"bob@example.org", "CN=Other CA", "3A9F22C0", "2027-01-01",
                    "listmaster@lists.example.org",
                    *member != '\0' ? "did not send" : "paraph cert accept bob@example.org 3A9F"}});
  for (const char* encrypted : {"1", ""})
    out.push_back({"moderate.tt2",
                   {{"sender", "bob@example.org"},
                    {"encrypted", encrypted},
                    {"list", kList},
                    {"reason", "an editor (send.editorkey:5)"},
                    {"id", "5k1zqaaa"},
                    {"size", "812"},
                    {"authkey", "keykeykey"},
                    {"conf", kConf},
                    {"subject", "CANARY"}},
                   {"bob@example.org", "(send.editorkey:5)", "812",
                    "paraph moderation distribute secure 5k1zqaaa",
                    "DISTRIBUTE secure@lists.example.org keykeykey",
                    "REJECT secure@lists.example.org keykeykey",
                    *encrypted != '\0' ? "An encrypted" : "A message"}});
  out.push_back({"send_auth.tt2",
                 {{"authkey", "keykeykey"},
                  {"list", kList},
                  {"conf", kConf},
                  {"message_id", "1@example.org"},
                  {"subject_of_post", "Minutes"}},
                 {"secure@lists.example.org", "CONFIRM keykeykey", "sympa@lists.example.org",
                  "<1@example.org>", "Minutes"}});
  out.push_back(
      {"message_held.tt2",
       {{"sender", "bob@example.org"},
        {"list", kList},
        {"message_id", "1@example.org"},
        {"subject_of_post", "Minutes"}},
       {"secure@lists.example.org", "waits to be read", "<1@example.org>", "Subject: Minutes"}});
  for (const char* name : {"request_auth.tt2", "request_approve.tt2"})
    out.push_back({name,
                   {{"authkey", "keykeykey"},
                    {"list", kList},
                    {"conf", kConf},
                    {"id", "5k1zqaaa"},
                    {"sender", "bob@example.org"},
                    {"request", "ADD secure@lists.example.org eve@example.org"}},
                   {"bob@example.org", "AUTH keykeykey",
                    "ADD secure@lists.example.org eve@example.org", "sympa@lists.example.org"}});
  for (const char* name : {"welcome.tt2", "bye.tt2", "listowner_notification.tt2"})
    out.push_back({name,
                   {{"address", "bob@example.org"},
                    {"by", "alice@example.org"},
                    {"list", kList},
                    {"conf", kConf}},
                   {"bob@example.org", "alice@example.org has asked", "secure@lists.example.org"}});
  for (const auto& [status, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"joined", "is a member now"},
           {"unknown_key", "stands for nothing"},
           {"needs_smime", "signs the mail"},
           {"help", "HELP\n    sends these lines\n"},
           {"refused", "\n\n  Not now.\n"},
           {"rejected_wordless", "nobody is told your words"},
           {"asked_owners_other", "If something is to be changed"},
           {"not_asked", "was not put to anybody"},
           {"twice", "a mail of its own"},
           {"try_again", "Send it again later"},
           {"damaged", "is damaged"},
           {"fault", "could not be understood"}})
    out.push_back({"command_report.tt2",
                   {{"entries", tt2::Value::of(std::vector<tt2::Value>{tt2::Value::of(tt2::Data{
                                    {"cmd", "ADD x"}, {"status", status}, {"detail", "more"}})})},
                    {"commands", tt2::Value::of(std::vector<tt2::Value>{tt2::Value::of(tt2::Data{
                                     {"usage", "HELP"}, {"help", "sends these lines"}})})},
                    {"words", "Not now."}},
                   {"> ADD x", words, "more"}});
  out.push_back({"reject.tt2",
                 {{"sender", "bob@example.org"},
                  {"message_id", "1@example.org"},
                  {"list", kList},
                  {"reason", "Please write to the helpdesk."}},
                 {"secure@lists.example.org", "Please write to the helpdesk.", "<1@example.org>"}});
  out.push_back(
      {"capabilities-fell.tt2",
       {{"address", "bob@example.org"},
        {"before", "AES-256-GCM AES-128-CBC"},
        {"now", "AES-128-CBC"},
        {"lost", "AES-256-GCM"},
        {"list", kList},
        {"domain", "lists.example.org"}},
       {"bob@example.org", "no longer decrypt: AES-256-GCM", "Before: AES-256-GCM AES-128-CBC",
        "paraph cert show bob@example.org", "listmaster@lists.example.org"}});
  for (const char* why : {"missing", "expired", "weak_key"})
    out.push_back(
        {"certificate-reminder.tt2",
         {{"case", why}, {"list", kList}, {"user", kUser}, {"domain", "lists.example.org"}},
         {"bob@example.org", "sympa@lists.example.org", "cannot be sent",
          "secure@lists.example.org"}});
  out.push_back({"certificate-reminder.tt2",
                 {{"until", "2026-12-04"}, {"user", kUser}, {"domain", "lists.example.org"}},
                 {"ends soon", "bob@example.org", "2026-12-04", "sympa@lists.example.org"}});
  const Value certificate = hash({{"subject", "CN=Bob"},
                                  {"issuer", "CN=CA"},
                                  {"serial", "4F9A21"},
                                  {"sha256", "3A:9F:22:C0"},
                                  {"not_after", "2027-01-01"}});
  for (const char* outcome : {"stored", "replaced", "already", "kept_newer", "pending", "removed"})
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
  }
  out.push_back({"report.tt2",
                 {{"reason", "no_command"},
                  {"address", "sympa@lists.example.org"},
                  {"domain", "lists.example.org"}},
                 {"not served here", "managed by its owners", "certificate stored",
                  "signed message to sympa@lists.example.org"}});
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
      {"report.tt2", {{"domain", "lists.example.org"}}, {"Your message was not delivered"}});
  out.push_back(
      {"listmaster-notification.tt2",
       {{"type", "quarantined"},
        {"id", "5jv02"},
        {"list", kList},
        {"reason", "worker died"},
        {"attempts", "3"}},
       {"5jv02", "secure@lists.example.org", "worker died", "3 times", "paraph spool show 5jv02",
        "paraph spool list", "spool/msg/bad", "paraph spool retry 5jv02"}});
  const auto alarm = [](const char* id, const char* reason) {
    return tt2::Value::of(tt2::Data{{"type", "quarantined"},
                                    {"id", id},
                                    {"address", "secure@lists.example.org"},
                                    {"reason", reason},
                                    {"at", "2026-11-23T14:02:00Z"}});
  };
  out.push_back(
      {"listmaster-notification.tt2",
       {{"type", "quarantined"},
        {"id", "5jv02"},
        {"address", "secure@lists.example.org"},
        {"domain", "lists.example.org"},
        {"reason", "no_from"},
        {"count", "7"},
        {"more", "5"},
        {"alarms", tt2::Value::of(std::vector<tt2::Value>{alarm("5jv02", "no_from"),
                                                          alarm("5jv03", "worker died")})}},
       {"7 things", "5jv02", "5jv03", "no_from", "worker died", "5 more", "paraph status"}});
  out.push_back(
      {"listmaster-notification.tt2",
       {{"id", "5jv02"},
        {"address", "secure@lists.example.org"},
        {"domain", "example.org"},
        {"reason", "no_from"}},
       {"5jv02 for secure@lists.example.org is in quarantine", "paraph spool show 5jv02"}});
  out.push_back({"listmaster-notification.tt2",
                 {{"type", "quarantined"},
                  {"id", "5jv02"},
                  {"address", "packet 5jv02.0001"},
                  {"domain", "example.org"},
                  {"reason", "worker died"}},
                 {"5jv02 for packet 5jv02.0001", "spool/bulk/bad", "spool(7)"}});
  const Value announced = hash({{"subject", "CN=secure"},
                                {"issuer", "CN=Example CA"},
                                {"serial", "4F9A21"},
                                {"sha256", "3A9F 22C0"},
                                {"not_before", "2026-11-24"},
                                {"not_after", "2028-11-24"}});
  out.push_back({"key-announce.tt2",
                 {{"list", kList}, {"certificate", announced}},
                 {"certificate of secure@lists.example.org", "3A9F 22C0",
                  "secure-request@lists.example.org", "2026-11-24 until 2028-11-24"}});
  out.push_back({"key-announce.tt2",
                 {{"conf", hash({{"sympa", "sympa@lists.example.org"},
                                 {"listmaster", "listmaster@lists.example.org"}})},
                  {"certificate", announced}},
                 {"certificate of sympa@lists.example.org", "listmaster@lists.example.org"}});
  out.push_back({"listmaster-notification.tt2",
                 {{"type", "other"}, {"domain", "lists.example.org"}},
                 {"lists.example.org", "paraph spool list"}});
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
  for (const char* why :
       {"missing", "expired", "not_yet_valid", "revoked", "weak_key", "wrong_usage", "untrusted",
        "unreadable", "is_ca", "unsupported_key", "unsafe_key", "revocation_unknown"})
    texts.insert(*render("x509-user-cert-missing.tt2", from_disk,
                         {{"case", why}, {"list", kList}, {"user", kUser}}));
  CHECK(texts.size() == 12);
}

TEST_CASE("what was wrong inside an encrypted post is not told") {
  std::set<std::string> texts;
  for (const char* reason : {"encrypted_not_signed", "decryption_failed", "replayed_ciphertext"}) {
    std::string text = *render("report.tt2", from_disk, {{"reason", reason}, {"list", kList}});
    const std::size_t code = text.find(reason);
    REQUIRE(code != std::string::npos);
    text.erase(code, std::string_view(reason).size());
    std::replace(text.begin(), text.end(), '\n', ' ');
    texts.insert(text);
  }
  REQUIRE(texts.size() == 1);
  CHECK(texts.begin()->find("can be opened here and is signed inside") != std::string::npos);
}

// Every command a template names is a verb of the program.
TEST_CASE("stock templates name verbs that exist") {
  std::ifstream in(std::string(PARAPH_SOURCE_DIR) + "/apps/paraph/table.cpp");
  std::stringstream table;
  table << in.rdbuf();
  std::size_t named = 0;
  for (const auto& c : cases()) {
    const auto text = *render(c.name, from_disk, c.data);
    for (const auto line : ascii::lines(text)) {
      const auto words = ascii::split(ascii::trim(line), " ");
      if (words.size() < 3 || words[0] != "paraph") continue;
      ++named;
      INFO(line);
      const std::string row = "{\"" + std::string(words[1]) + " " + std::string(words[2]) + "\", ";
      CHECK(table.str().find(row) != std::string::npos);
    }
  }
  CHECK(named >= 4);
}
