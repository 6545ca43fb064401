#include <catch2/catch.hpp>
#include <filesystem>

#include "config/site.h"
#include "support/pki.h"

using namespace paraph;
using config::ListConfig;
using config::Site;
using list::ListAddress;

namespace {

const Site& site() {
  static const Site one =
      *Site::parse("domain example.org\nlistmaster boss@example.org\nmax_size 777\nsend intranet\n",
                   "/site/paraph.conf");
  return one;
}

ListConfig parsed(std::string_view text) {
  return ListConfig::parse(site(), *ListAddress::parse("secure", "example.org"), text);
}

std::vector<std::string> told(const ListConfig& config) {
  std::vector<std::string> out;
  for (const auto& warning : config.warnings())
    out.push_back(std::to_string(warning.line) + ": " + warning.message);
  return out;
}

}  // namespace

TEST_CASE("a list's config as Sympa writes it") {
  const ListConfig config = parsed(R"(
creation
date_epoch 1577880000
email boss@example.org

update
email automatic
date_epoch 1767225600

subject Secure matters, with a # inside
serial 4
   
status OPEN

# who may post
send private_smime
visibility private

owner
  # the paragraph is of the database now
  email owner@example.org
  profile privileged
  reception mail

editor
email editor@example.org

reply_to_header
value other_email
# a comment inside
other_email reply@example.org

digest 1,4 13:26

custom_subject [Secure]

custom_header X-First: 1, 2

custom_header X-Second: 3

cookie 1234567

shared_doc
d_read private

max_size 1000000
)");
  // Two parameters in one paragraph: Sympa's writer always leaves a blank line, so ours is a
  // warning.
  CHECK(told(config) ==
        std::vector<std::string>{
            "11: 'serial' follows 'subject' without a blank line; ignored",
            "17: 'visibility' follows 'send' without a blank line; ignored",
            "29: 'reply_to_header' has no effect yet", "33: 'digest' has no effect yet",
            "35: 'custom_subject' has no effect yet", "37: 'custom_header' has no effect yet",
            "39: 'custom_header' has no effect yet"});
  CHECK(config.get("subject") == "Secure matters, with a # inside");
  CHECK(config.is_open());
  CHECK(config.scenario("send") == "private_smime");
  CHECK(config.get("reply_to_header.value") == "other_email");
  CHECK(config.get("reply_to_header.other_email") == "reply@example.org");
  CHECK(config.get("reply_to_header.apply") == "respect");
  CHECK(config.get("creation.date_epoch") == "1577880000");
  CHECK(config.get_list("digest.days") == std::vector<std::string>{"1", "4"});
  CHECK(config.get("digest.hour") == "13");
  CHECK(config.number("digest.minute") == 26);
  CHECK(config.get("custom_subject") == "Secure");
  CHECK(config.get_list("custom_header") ==
        std::vector<std::string>{"X-First: 1, 2", "X-Second: 3"});
  CHECK(config.number("max_size") == 1000000);
  CHECK(config.setting("max_size").line == 46);
  CHECK(config.setting("max_size").file == "/site/list_data/secure/config");
}

TEST_CASE("what a list does not say, the domain, the site and the table say") {
  const testing::TempDir dir;
  std::filesystem::create_directories(dir / "etc/other.example");
  testing::spit(dir / "etc/other.example/robot.conf", "send closed\n");
  testing::spit(dir / "paraph.conf",
                "domain example.org\nlistmaster a@example.org\nmax_size 777\nsend intranet\n");
  const auto loaded = Site::load(dir / "paraph.conf");
  REQUIRE(loaded);
  const auto of = [&](std::string_view domain) {
    return ListConfig::parse(*loaded, *ListAddress::parse("a", domain), "subject x\n");
  };
  CHECK(of("example.org").scenario("send") == "intranet");
  CHECK(of("other.example").scenario("send") == "closed");
  CHECK(of("other.example").number("max_size") == 777);
  CHECK(of("other.example").get("footer_type") == "mime");
  CHECK(of("example.org").setting("send").line == 4);
  CHECK(of("example.org").setting("priority").file.empty());
}

TEST_CASE("scenarios: commas, old words, the default, functions without parameter") {
  CHECK(parsed("subscribe owner,notify\n").scenario("subscribe") == "owner_notify");
  CHECK(parsed("review open\n").scenario("review") == "public");
  CHECK(parsed("send default\n").scenario("send") == "intranet");
  CHECK(parsed("archive\nmail_access open\n").scenario("archive_mail_access") == "public");
  CHECK(parsed("").scenario("archive_mail_access") == "closed");
  CHECK(parsed("").scenario("topics_visibility").empty());
  const ListConfig climbing = parsed("send ../../../tmp/evil\n");
  CHECK(climbing.scenario("send") == "intranet");
  CHECK(told(climbing) ==
        std::vector<std::string>{"1: 'send' needs the name of a scenario; ignored"});
}

TEST_CASE("what is wrong is told and the list loads") {
  const ListConfig config = parsed(
      "sned closed\n\nstatus ajar\n\nmax_size 10M\n\nreply_to_header\nvalue nobody\nvlaue "
      "list\n\ncustom_vars\nname only\n\n"
      "digest tomorrow\n\nmax_size 5\n\nmax_size 6\n\narchive yes\nquota 10\n\nsub\x01ject "
      "a\n\nsubject\n");
  CHECK(told(config) ==
        std::vector<std::string>{
            "1: unknown parameter 'sned': did you mean 'send'?",
            "3: 'status' must be one of open|closed|pending|error_config|family_closed; ignored",
            "5: 'max_size' needs a number; ignored",
            "8: 'reply_to_header.value' must be one of sender|list|all|other_email; ignored",
            "9: unknown key 'vlaue' in 'reply_to_header'",
            "11: 'custom_vars' has no 'value'; ignored",
            "14: 'digest' needs days and a time, as in: digest 1,4 13:26",
            "18: 'max_size' is given twice; the last one holds",
            "20: 'archive' takes lines of KEY VALUE", "21: 'archive.quota' has no effect yet",
            "23: control character; the line is ignored"});
  CHECK(config.is_open());
  CHECK(config.get("reply_to_header.value") == "sender");
  CHECK(config.number("max_size") == 6);
  CHECK(config.get("archive.quota") == "10");
  CHECK(config.get("subject").empty());
}

TEST_CASE("the old reply_to forms") {
  const ListConfig address = parsed("reply_to Desk@Example.org\n");
  CHECK(address.get("reply_to_header.value") == "other_email");
  CHECK(address.get("reply_to_header.other_email") == "desk@example.org");
  CHECK(address.get("reply_to_header.apply") == "respect");
  const ListConfig forced = parsed("forced_reply-to list\n");
  CHECK(forced.get("reply_to_header.value") == "list");
  CHECK(forced.get("reply_to_header.apply") == "forced");
  CHECK(told(forced) == std::vector<std::string>{"1: 'reply_to_header' has no effect yet"});
  CHECK(told(parsed("reply_to ###\n")) ==
        std::vector<std::string>{
            "1: 'reply_to_header.value' must be one of sender|list|all|other_email; ignored"});
}

TEST_CASE("paragraphs that may stand several times") {
  const ListConfig config =
      parsed("custom_vars\nname a\nvalue 1\n\ncustom_vars\nname b\nvalue 2\n");
  CHECK(told(config).empty());
  CHECK(config.get_list("custom_vars.name") == std::vector<std::string>{"a", "b"});
  CHECK(config.get_list("custom_vars.value") == std::vector<std::string>{"1", "2"});
}

TEST_CASE("line ends, blanks before names, no end of line") {
  const ListConfig config = parsed("  subject  One \r\n \t \r\n\tmax_size\t5\r\n\r\nstatus closed");
  CHECK(config.warnings().empty());
  CHECK(config.get("subject") == "One");
  CHECK(config.number("max_size") == 5);
  CHECK_FALSE(config.is_open());
}

TEST_CASE("a list of a site taken over is told only of what changes who reads or sees what") {
  const testing::TempDir dir;
  testing::spit(dir / "sympa.conf", "domain example.org\nlistmaster a@example.org\n");
  testing::spit(dir / "paraph.conf", "sympa_conf sympa.conf\n");
  const auto loaded = Site::load(dir / "paraph.conf");
  REQUIRE(loaded);
  const std::string text =
      "priority 3\n\nlang fr\n\nprocess_archive on\n\narchive\nquota 10\n\ntopics a\n\n"
      "anonymous_sender nobody\n\ncustom_subject Secure\n\ncustom_header X-A: b\n\n"
      "reply_to_header\nvalue list\napply forced\n\nremove_outgoing_headers X-B\n\n"
      "max_list_members 5\n\npersonalization_feature on\n\ndigest 1 7:30\n\n"
      "msg_topic\nname a\ntitle A\n\nfooter_type append\n\n"
      "include_ldap_query\nhost x\n\ninclude_sympa_list\nlistname b\n\n"
      "reply_to_header\nvalue sender\napply respect\n\nmax_list_members 0\n";
  const auto list = *ListAddress::parse("a", "example.org");
  CHECK(told(ListConfig::parse(*loaded, list, text)) ==
        std::vector<std::string>{
            "12: 'anonymous_sender' cannot be honoured yet: each post is held",
            "14: 'custom_subject' has no effect yet", "16: 'custom_header' has no effect yet",
            "19: 'reply_to_header' has no effect yet",
            "22: 'remove_outgoing_headers' has no effect yet",
            "24: 'max_list_members' has no effect yet",
            "26: 'personalization_feature' has no effect yet", "28: 'digest' has no effect yet",
            "31: 'msg_topic' has no effect yet", "34: 'footer_type' has no effect yet",
            "36: 'include_ldap_query' has no effect yet",
            "40: 'include_sympa_list' has no effect yet",
            "44: 'reply_to_header.apply' is given twice; the last one holds",
            "43: 'reply_to_header.value' is given twice; the last one holds",
            "46: 'max_list_members' is given twice; the last one holds"});
  const auto own = told(parsed("priority 3\n\nlang fr\n\npriority 5\n"));
  CHECK(own == std::vector<std::string>{"3: 'lang' has no effect yet",
                                        "5: 'priority' is given twice; the last one holds"});
}

TEST_CASE("a list without config says so") {
  const auto none = ListConfig::load(site(), *ListAddress::parse("gone", "example.org"));
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Errc::not_found);
  CHECK(none.error().what().find("list gone@example.org: ") == 0);
}

TEST_CASE("secrets of data sources are masked") {
  const ListConfig config = parsed(
      "include_sql_query\ndb_type SQLite\ndb_name x\nsql_query select a from b\npasswd hunter2\n");
  CHECK(told(config) == std::vector<std::string>{"2: 'include_sql_query' has no effect yet"});
  CHECK(config.get("include_sql_query.db_passwd") == "hunter2");
  CHECK(config.setting("include_sql_query.db_passwd").value == "********");
}

TEST_CASE("digests and policies: spelled as one likes, with commas or blanks") {
  const auto pieces = [](const std::string& line) {
    const ListConfig config = parsed(line + "\n");
    CHECK(told(config).empty());
    return config.get_list(line.substr(0, line.find(' ')));
  };
  using Words = std::vector<std::string>;
  for (const char* value :
       {"SHA-384, SHA-512", "sha384 SHA512", "Sha-384,\tsha-512", "SHA_384,SHA512"}) {
    INFO(value);
    CHECK(pieces("accepted_digests " + std::string(value)) == Words{"SHA-384", "SHA-512"});
  }
  CHECK(pieces("accepted_digests sha512/256 SHA3-256") == Words{"SHA-512/256", "SHA3-256"});
  CHECK(pieces("accepted_digests none").empty());
  for (const char* value :
       {"1.2.3.4 2.5.29.32.0", "1.2.3.4,2.5.29.32.0", "1.2.3.4 , 2.5.29.32.0"}) {
    INFO(value);
    CHECK(pieces("required_policies " + std::string(value)) == Words{"1.2.3.4", "2.5.29.32.0"});
  }
}

TEST_CASE(
    "digests and policies that are none: the others hold, and with none nothing is accepted") {
  const std::string digests =
      "'accepted_digests' takes SHA-256, SHA-384, SHA-512, SHA-512/256, SHA3-256, SHA3-384, "
      "SHA3-512, "
      "with commas or blanks between them, and not ";
  const std::string policies =
      "'required_policies' takes dotted OIDs, as 1.3.6.1.4.1.99999.1, with commas or blanks "
      "between "
      "them, and not ";
  const std::string refusal = "; nothing is accepted, and no signature counts";
  struct Row {
    std::string line, fault;
    bool refuses;
  };
  for (const auto& [line, fault, refuses] :
       {Row{"accepted_digests nonsense", digests + "'nonsense'", true},
        Row{"accepted_digests SHA-1", digests + "'SHA-1'", true},
        Row{"accepted_digests ,", digests + "','", true},
        Row{"accepted_digests SHA-512 none", digests + "'none'", false},
        Row{"accepted_digests sha513 sha512", digests + "'sha513'", false},
        Row{"required_policies foo", policies + "'foo'", true},
        Row{"required_policies 1", policies + "'1'", true},
        Row{"required_policies 3.1", policies + "'3.1'", true},
        Row{"required_policies 1.40", policies + "'1.40'", true},
        Row{"required_policies 1.2..3", policies + "'1.2..3'", true},
        Row{"required_policies 1.2.", policies + "'1.2.'", true},
        Row{"required_policies 1.2.03", policies + "'1.2.03'", true},
        Row{"required_policies foo 1.2.3", policies + "'foo'", false}}) {
    INFO(line);
    const ListConfig config = parsed("subject x\n\n" + line + "\n");
    CHECK(told(config) ==
          std::vector<std::string>{"3: " + fault + (refuses ? refusal : "; the others hold")});
    const std::string name = line.substr(0, line.find(' '));
    CHECK(config.warnings().at(0).refuses == (refuses ? name : ""));
    CHECK_FALSE(config.get_list(name).empty());  // which would accept everything
  }
}
