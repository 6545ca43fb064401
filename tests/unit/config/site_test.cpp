#include <catch2/catch.hpp>
#include <filesystem>

#include "config/site.h"
#include "support/pki.h"

using namespace paraph;
using config::Site;
using testing::spit;
using testing::TempDir;

namespace {

constexpr std::string_view minimum = "domain example.org\nlistmaster boss@example.org\n";

Site parsed(const std::string& more) {
  auto site = Site::parse(std::string(minimum) + more, "/site/paraph.conf");
  INFO((site ? std::string() : site.error().what()));
  REQUIRE(site);
  return *site;
}

// "line: message" of each warning.
std::vector<std::string> told(const Site& site) {
  std::vector<std::string> out;
  for (const auto& warning : site.warnings())
    out.push_back(std::to_string(warning.line) + ": " + warning.message);
  return out;
}

std::string error_of(std::string_view text) {
  const auto site = Site::parse(text, "/site/paraph.conf");
  REQUIRE_FALSE(site);
  CHECK(site.error().retry() == Retry::later);  // mail waits for the administrator
  return site.error().what();
}

}  // namespace

TEST_CASE("two lines make a site; everything else has its default below the site directory") {
  const Site site = parsed("");
  CHECK(site.warnings().empty());
  CHECK(site.directory() == "/site");
  CHECK(site.domain() == "example.org");
  CHECK(site.domains() == std::vector<std::string>{"example.org"});
  CHECK(site.listmasters() == std::vector<std::string>{"boss@example.org"});
  CHECK(site.path_of("home") == "/site/list_data");
  CHECK(site.path_of("etc") == "/site/etc");
  CHECK(site.path_of("db_name") == "/site/paraph.sqlite");
  CHECK(site.path_of("ssl_cert_dir") == "/site/X509-user-certs");
  CHECK(site.path_of("cafile").empty());
  CHECK(site.spool_directory("msg") == "/site/spool/msg");
  CHECK(site.spool_directory("moderation") == "/site/spool/moderation");
  CHECK(site.spool_directory("tmp") == "/site/spool/tmp");
  CHECK(site.spool_directory("missed") == "/site/spool/missed");
  CHECK(site.get("transport") == "sendmail:/usr/sbin/sendmail");
  CHECK(site.get("encrypted_post_policy") == "any");
  CHECK(site.number("packet_size") == 250);
  CHECK(site.number("min_rsa_bits") == 2048);
  CHECK(site.number("max_size") == 5242880);
  CHECK(site.command_address("example.org") == "sympa@example.org");
  CHECK(site.listmaster_address("example.org") == "listmaster@example.org");
  CHECK(site.setting("home").file.empty());
}

TEST_CASE("the line grammar") {
  const Site site = parsed(
      "# comment\n; comment too\n   \n\t\ngecos \t Mail of Tests  \r\nmax_size\t99\nmax_size "
      "100\n");
  CHECK(site.get("gecos") == "Mail of Tests");
  CHECK(site.number("max_size") == 100);
  CHECK(site.setting("max_size").line == 9);
  CHECK(site.setting("max_size").file == "/site/paraph.conf");
  CHECK(site.warnings().empty());
}

TEST_CASE("what is no setting is an error with its line") {
  const std::string start(minimum);
  CHECK(error_of(start + " gecos x\n") ==
        "/site/paraph.conf:3: a setting starts in the first column");
  CHECK(error_of(start + "\ngecos\n") == "/site/paraph.conf:4: no value");
  CHECK(error_of(start + "gecos `id`\n") == "/site/paraph.conf:3: value in backticks");
  CHECK(error_of(start + "gecos a\x1b[31mb\n") == "/site/paraph.conf:3: control character");
  CHECK(error_of("listmaster a@example.org\n") == "/site/paraph.conf: no 'domain'");
  CHECK(error_of("domain example.org\n") == "/site/paraph.conf: no 'listmaster'");
  CHECK(error_of("domain ../etc\nlistmaster a@example.org\n") ==
        "/site/paraph.conf:1: 'domain' needs a mail domain");
  CHECK(error_of("domain example.org\n\nlistmaster nobody\n") ==
        "/site/paraph.conf:3: no valid 'listmaster'");
  CHECK(error_of(start + "db_type mysql\n") ==
        "/site/paraph.conf:3: 'db_type': only SQLite is supported");
  CHECK(error_of(start + "min_rsa_bits many\n") ==
        "/site/paraph.conf:3: 'min_rsa_bits' needs a number");
  CHECK(error_of(start + "min_rsa_bits 1000000000000000000000\n") ==
        "/site/paraph.conf:3: 'min_rsa_bits' needs a number");
  CHECK(error_of(start + "encrypted_post_policy signed\n") ==
        "/site/paraph.conf:3: 'encrypted_post_policy' must be one of any|signed_inside");
  CHECK(error_of(start + "send ../../tmp/x\n") ==
        "/site/paraph.conf:3: 'send' needs the name of a scenario");
}

TEST_CASE("an error does not repeat a passphrase") {
  CHECK(error_of(std::string(minimum) + "key_passwd \x01hunter2\n").find("hunter2") ==
        std::string::npos);
}

TEST_CASE("an unknown name is a warning that guesses") {
  const Site site = parsed("sned private\nqueu spool/x\nxyzzy 1\nsubject A list\n");
  CHECK(told(site) == std::vector<std::string>{"3: unknown parameter 'sned': did you mean 'send'?",
                                               "4: unknown parameter 'queu': did you mean 'queue'?",
                                               "5: unknown parameter 'xyzzy'",
                                               "6: 'subject' cannot be set for the site"});
}

TEST_CASE("old names are read under today's, those without effect in silence") {
  const Site site = parsed(
      "default_list_priority 3\nkey_password hunter2\nwelcome_return_path unique\npidfile "
      "/x\nmhonarc /y\n"
      "cookie 123\ncss_path /z\nuse_blacklist none\n");
  CHECK(told(site) == std::vector<std::string>{"5: 'welcome_return_path' has no effect yet"});
  CHECK(site.get("priority") == "3");
  CHECK(site.get("key_passwd") == "hunter2");
  CHECK(site.get("verp_welcome") == "on");
  CHECK(site.get_list("use_blocklist").empty());
}

TEST_CASE("secrets are masked for show") {
  const Site site = parsed("key_passwd hunter2\ndb_passwd swordfish\n");
  CHECK(site.get("key_passwd") == "hunter2");
  CHECK(site.setting("key_passwd").value == "********");
  CHECK(site.setting("db_passwd").value == "********");
  CHECK(config::is_secret("key_passwd"));
  CHECK_FALSE(config::is_secret("send"));
  CHECK(parsed("").setting("key_passwd").value.empty());
}

TEST_CASE("listmasters add up and are canonical; wrong ones are told") {
  const Site site = parsed("listmaster Second@Example.ORG, no address , third@example.org\n");
  CHECK(site.listmasters() ==
        std::vector<std::string>{"boss@example.org", "second@example.org", "third@example.org"});
  CHECK(told(site) == std::vector<std::string>{"3: 'no address' is not an address"});
}

TEST_CASE("lists of values") {
  const Site site = parsed(
      "remove_headers X-One ,X-Two,, X-Three\nrfc2369_header_fields none\nowner_domain a.example "
      "b.example\n"
      "custom_robot_parameter a ; 1, 2\ncustom_robot_parameter b ; 3\n");
  CHECK(site.get_list("remove_headers") == std::vector<std::string>{"X-One", "X-Two", "X-Three"});
  CHECK(site.get_list("rfc2369_header_fields").empty());
  CHECK(site.get_list("owner_domain") == std::vector<std::string>{"a.example", "b.example"});
  CHECK(site.get_list("custom_robot_parameter") == std::vector<std::string>{"a ; 1, 2", "b ; 3"});
  CHECK(site.get_list("list_check_suffixes").size() == 5);
}

TEST_CASE("relative paths stand below the directory of their file") {
  const Site site = parsed("cafile ca.pem\nspool /var/spool/paraph\nqueue incoming\n");
  CHECK(site.path_of("cafile") == "/site/ca.pem");
  CHECK(site.spool_directory("msg") == "/site/incoming");
  CHECK(site.spool_directory("bulk") == "/var/spool/paraph/bulk");
}

TEST_CASE("a Sympa configuration is read first and ours goes over it") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "sympa");
  spit(dir / "sympa/sympa.conf", R"(###\\\\ Site customization ////###
domain	lists.example.org
listmaster	old@example.org,older@example.org
db_type	SQLite
db_name	/var/lib/sympa/sympa.sqlite
home	expl
max_size	1000
log_level	not a number
frobnicate	1
wwsympa_url	https://lists.example.org/sympa
color_5	#123456
http_host	lists.example.org
cafile	bundle.crt
)");
  spit(dir / "paraph.conf",
       "sympa_conf sympa/sympa.conf\nlistmaster new@example.org\nmax_size 2000\n");
  const auto site = Site::load(dir / "paraph.conf");
  REQUIRE(site);
  CHECK(site->domain() == "lists.example.org");
  CHECK(site->listmasters() == std::vector<std::string>{"new@example.org"});
  CHECK(site->number("max_size") == 2000);
  CHECK(site->number("log_level") == 0);
  CHECK(site->path_of("cafile") == site->directory() + "/sympa/bundle.crt");
  CHECK(site->path_of("db_name") == "/var/lib/sympa/sympa.sqlite");
  CHECK(site->path_of("ssl_cert_dir") == site->directory() + "/sympa/expl/X509-user-certs");
  CHECK(site->path_of("spool") == site->directory() + "/spool");
  CHECK(told(*site) == std::vector<std::string>{"8: 'log_level' needs a number; the default holds",
                                                "9: unknown parameter 'frobnicate'"});
  CHECK(site->warnings().front().file == site->directory() + "/sympa/sympa.conf");
}

TEST_CASE("a missing file says which") {
  const TempDir dir;
  const auto none = Site::load(dir / "paraph.conf");
  REQUIRE_FALSE(none);
  CHECK(none.error().what().find("paraph.conf") != std::string::npos);
  spit(dir / "paraph.conf", std::string(minimum) + "sympa_conf gone.conf\n");
  const auto gone = Site::load(dir / "paraph.conf");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().what().find("paraph.conf:3: sympa_conf: ") != std::string::npos);
  CHECK(gone.error().what().find("gone.conf") != std::string::npos);
}

TEST_CASE("what has no effect yet is told in our own file") {
  CHECK(told(parsed("lang fr\ngecos Lists\nlog_level 0\nlog_level 4\nowner_domain a.example\n")) ==
        std::vector<std::string>{"3: 'lang' has no effect yet", "6: 'log_level' has no effect yet",
                                 "7: 'owner_domain' has no effect yet"});
  CHECK(parsed("lang fr\n").warnings().front().file == "/site/paraph.conf");
}

TEST_CASE("what has no effect yet is told in a domain's file, but for sites of Sympa") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "etc/other.example");
  spit(dir / "etc/other.example/robot.conf", "gecos Others\nlang fr\n");
  spit(dir / "paraph.conf", minimum);
  const auto own = Site::load(dir / "paraph.conf");
  REQUIRE(own);
  CHECK(told(*own) == std::vector<std::string>{"2: 'lang' has no effect yet"});
  CHECK(own->warnings().front().file == own->directory() + "/etc/other.example/robot.conf");
  spit(dir / "sympa.conf", std::string(minimum) + "lang fr\n");
  spit(dir / "paraph.conf", "sympa_conf sympa.conf\nlog_level 2\n");
  const auto taken_over = Site::load(dir / "paraph.conf");
  REQUIRE(taken_over);
  CHECK(told(*taken_over) == std::vector<std::string>{"2: 'log_level' has no effect yet"});
}

TEST_CASE("virtual domains have a robot.conf") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "etc/Other.Example");
  std::filesystem::create_directories(dir / "etc/unset.example");
  std::filesystem::create_directories(dir / "etc/scenari");
  spit(dir / "etc/charset.conf", "a file, no domain\n");
  spit(dir / "etc/Other.Example/robot.conf",
       "email lists\nsend closed\nhome /x\nsned 1\nlog_level x\n");
  spit(dir / "paraph.conf", minimum);
  const auto site = Site::load(dir / "paraph.conf");
  REQUIRE(site);
  CHECK(site->domains() == std::vector<std::string>{"example.org", "other.example"});
  CHECK(site->get("send", "other.example") == "closed");
  CHECK(site->get("send", "example.org") == "private");
  CHECK(site->get("send") == "private");
  CHECK(site->command_address("other.example") == "lists@other.example");
  CHECK(site->address_rules("other.example").email == "lists");
  CHECK(site->address_rules().email == "sympa");
  CHECK(told(*site) ==
        std::vector<std::string>{"3: 'home' cannot be set for a domain",
                                 "4: unknown parameter 'sned': did you mean 'send'?",
                                 "5: 'log_level' needs a number; the default holds"});
  spit(dir / "etc/Other.Example/robot.conf", "email\n");
  const auto broken = Site::load(dir / "paraph.conf");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().what().find("robot.conf:1: no value") != std::string::npos);
}

TEST_CASE("an untouched sympa.conf of a site with web pages gives no warning") {
  const TempDir dir;
  spit(dir / "sympa.conf", R"(###\\\\\\\\ Site customization ////////###

## Main robot hostname
domain	lists.example.org

## Listmasters email list
listmaster	ann@example.org,ben@example.org

## Supported languages
supported_lang	en_US,de,fr
lang	en_US
title	Lists of Example
gecos	SYMPA

###\\\\\\\\ Directories ////////###
home	/var/lib/sympa/list_data
etc	/nowhere/etc/sympa
spool	/var/spool/sympa
arc_path	/var/lib/sympa/arc
bounce_path	/var/lib/sympa/bounce
pidfile	/var/run/sympa/sympa.pid
pidfile_bulk	/var/run/sympa/bulk.pid
localedir	/usr/share/locale
static_content_path	/usr/share/sympa/static_content
static_content_url	/static-sympa
css_path	/var/lib/sympa/css
css_url	/css-sympa
pictures_path	/var/lib/sympa/pictures
pictures_url	/pictures-sympa
viewmail_dir	/var/spool/sympa/viewmail

syslog	LOCAL1
log_socket_type	unix
log_level	2

sendmail	/usr/sbin/sendmail
sendmail_args	-oi -odi -oem
sendmail_aliases	/etc/mail/sympa/aliases
aliases_program	postalias
aliases_db_type	hash
nrcpt	25
avg	10
maxsmtp	40
priority	5
max_size	5242880
rfc2369_header_fields	help,subscribe,unsubscribe,post,owner,archive
misaddressed_commands	reject
max-size	5242880
cookie	1234567890
create_list	public_listmaster
use_blacklist	send,create_list
default_ttl	3600
default_distribution_ttl	300
default_archive_quota	10000
default_shared_quota	10000
bounce_warn_rate	30
bounce_halt_rate	50
welcome_return_path	unique
remind_return_path	owner
expire_bounce_task	daily
verp_rate	10%
dkim_feature	off
dkim_signature_apply_on	md5_authenticated_messages,smime_authenticated_messages
dmarc_protection_mode	dmarc_reject,dkim_signature
spam_protection	javascript
web_archive_spam_protection	cookie
antispam_feature	off
antivirus_notify	sender
db_type	SQLite
db_name	/var/lib/sympa/sympa.sqlite
db_host	localhost
db_user	sympa
db_passwd	secret
wwsympa_url	https://lists.example.org/sympa
soap_url	https://lists.example.org/sympasoap
http_host	lists.example.org
mhonarc	/usr/bin/mhonarc
use_fast_cgi	1
cookie_expire	0
cookie_domain	localhost
password_case	insensitive
review_page_size	25
default_home	home
color_0	#F7F7F7
dark_color	silver
key_password	secret
cafile	/etc/sympa/ca-bundle.crt
capath	/etc/sympa/ssl.crt
openssl	/usr/bin/openssl
trusted_ca_options	-CApath
)");
  spit(dir / "paraph.conf", "sympa_conf sympa.conf\n");
  const auto site = Site::load(dir / "paraph.conf");
  INFO((site ? std::string() : site.error().what()));
  REQUIRE(site);
  CHECK(told(*site).empty());
  CHECK(site->listmasters() == std::vector<std::string>{"ann@example.org", "ben@example.org"});
  CHECK(site->path_of("ssl_cert_dir") == "/var/lib/sympa/list_data/X509-user-certs");
  CHECK(site->get("verp_welcome") == "on");
  CHECK(site->get("verp_remind") == "off");
  CHECK(site->get("bounce.warn_rate") == "30");
  CHECK(site->get("distribution_ttl").empty());
}

TEST_CASE("a digest or policy that is none lets nothing in, whosever file it stands in") {
  CHECK(error_of(std::string(minimum) + "accepted_digests nonsense\n")
            .find("/site/paraph.conf:3: 'accepted_digests' takes SHA-256, ") == 0);
  CHECK(error_of(std::string(minimum) + "required_policies 1.2.3 foo\n").find("and not 'foo'") !=
        std::string::npos);
  CHECK(parsed("accepted_digests sha512 SHA384\n").get_list("accepted_digests") ==
        std::vector<std::string>{"SHA-512", "SHA-384"});
  const TempDir dir;
  std::filesystem::create_directories(dir / "etc/other.example");
  spit(dir / "etc/other.example/robot.conf", "required_policies foo\n");
  spit(dir / "paraph.conf", minimum);
  const auto site = Site::load(dir / "paraph.conf");
  REQUIRE(site);
  REQUIRE(site->warnings().size() == 1);
  CHECK(site->warnings()[0].line == 1);
  CHECK(site->warnings()[0].refuses == "required_policies");
  CHECK(site->get("required_policies", "other.example") == "foo");
}
