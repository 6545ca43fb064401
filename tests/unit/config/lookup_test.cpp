#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "config/site.h"
#include "support/pki.h"

using namespace paraph;
using config::Site;
using list::ListAddress;
using testing::spit;
using testing::TempDir;
namespace fs = std::filesystem;

namespace {

struct Place {
  Place() {
    spit(dir / "paraph.conf", "domain example.org\nlistmaster a@example.org\ndefault_dir stock\n");
    for (const char* name :
         {"etc/scenari", "stock/scenarios", "stock/templates/mail_tt2", "list_data/sympa"}) {
      fs::create_directories(dir / name);
    }
  }
  void list(const std::string& below) {
    fs::create_directories(dir / ("list_data/" + below));
    spit(dir / ("list_data/" + below + "/config"), "subject Test\n");
  }
  [[nodiscard]] Site site() const { return *Site::load(dir / "paraph.conf"); }
  TempDir dir;
};

ListAddress address(std::string_view name, std::string_view domain = "example.org") {
  return *ListAddress::parse(name, domain);
}

}  // namespace

TEST_CASE("lists are the directories with a config") {
  Place place;
  place.list("beta");
  place.list("alpha");
  place.list("sympa");  // keys, no list
  place.list("BIG");    // no address reaches it
  fs::create_directories(place.dir / "list_data/empty");
  const Site site = place.site();
  const auto lists = site.lists();
  REQUIRE(lists);
  CHECK(*lists == std::vector{address("alpha"), address("beta")});
  CHECK(site.list_directory(address("alpha")) == site.directory() + "/list_data/alpha");
  CHECK(site.site_key_directory() == site.directory() + "/list_data/sympa");
}

TEST_CASE("a domain's lists may have a directory of their own") {
  Place place;
  fs::create_directories(place.dir / "etc/other.example");
  spit(place.dir / "etc/other.example/robot.conf", "");
  place.list("alpha");
  place.list("other.example/gamma");
  CHECK(*place.site().lists() == std::vector{address("alpha"), address("gamma", "other.example")});
  place.list("example.org/delta");  // from here on the main domain's lists are there
  CHECK(*place.site().lists() == std::vector{address("delta"), address("gamma", "other.example")});
}

TEST_CASE("a site without lists has none") {
  Place place;
  fs::remove_all(place.dir / "list_data");
  REQUIRE(place.site().lists());
  CHECK(place.site().lists()->empty());
}

TEST_CASE("a list is found by name or address, or something close is offered") {
  Place place;
  place.list("secure");
  const Site site = place.site();
  CHECK(*site.resolve_list("secure") == address("secure"));
  CHECK(*site.resolve_list("SECURE@Example.Org") == address("secure"));
  const auto typo = site.resolve_list("secrue");
  REQUIRE_FALSE(typo);
  CHECK(typo.error().code() == Errc::not_found);
  CHECK(typo.error().what() == "there is no list 'secrue': did you mean 'secure'?");
  CHECK(typo.error().hint() == "paraph lists");
  CHECK(site.resolve_list("secrue@example.org").error().what() ==
        "there is no list 'secrue@example.org': did you mean 'secure@example.org'?");
  CHECK(site.resolve_list("quite-other").error().what() == "there is no list 'quite-other'");
  for (const char* text : {"", "@", "secure@", "@example.org", "../secure", "sympa",
                           "secure@other.example", "a\x1b[1m"}) {
    INFO(text);
    CHECK_FALSE(site.resolve_list(text));
  }
}

TEST_CASE("a bare name is not enough where there are several domains") {
  Place place;
  place.list("secure");
  fs::create_directories(place.dir / "etc/other.example");
  spit(place.dir / "etc/other.example/robot.conf", "");
  const auto bare = place.site().resolve_list("secure");
  REQUIRE_FALSE(bare);
  CHECK(bare.error().hint() == "write secure@example.org");
  CHECK(place.site().resolve_list("secure@example.org"));
}

TEST_CASE("files are found nearest first") {
  Place place;
  place.list("secure");
  const Site site = place.site();
  const auto look = [&](std::string_view name) {
    return site.find_file(address("secure"), "", "scenari", name);
  };
  CHECK_FALSE(look("send.x")->has_value());
  const std::vector<std::string> places = {"stock/scenarios", "etc/scenari",
                                           "etc/example.org/scenari", "list_data/secure/scenari"};
  for (const std::string& folder : places) {
    fs::create_directories(place.dir / folder);
    spit(place.dir / (folder + "/send.x"), "in " + folder);
    const auto found = look("send.x");
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->text == "in " + folder);
    CHECK((*found)->path == site.directory() + "/" + folder + "/send.x");
  }
  const auto without_list = site.find_file(std::nullopt, "Example.org", "scenari", "send.x");
  CHECK((*without_list)->text == "in etc/example.org/scenari");
  spit(place.dir / "stock/templates/mail_tt2/notice.tt2", "stock");
  CHECK((*site.find_file(std::nullopt, "", "mail_tt2", "notice.tt2"))->text == "stock");
}

TEST_CASE("a name is a file of its directory and nothing else") {
  Place place;
  spit(place.dir / "etc/secret", "secret");
  spit(place.dir / "etc/scenari/.hidden", "hidden");
  const Site site = place.site();
  for (const std::string name :
       {"../secret", "..", ".", "", ".hidden", "/etc/passwd", "a/../../secret", "a/b"}) {
    INFO(name);
    const auto found = site.find_file(std::nullopt, "example.org", "scenari", name);
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
  }
  const auto climbing = site.find_file(std::nullopt, "../..", "scenari", "secret");
  CHECK((climbing && !climbing->has_value()));
}

TEST_CASE("a nearer file that cannot be read does not give way to the next") {
  Place place;
  spit(place.dir / "stock/scenarios/send.x", "lax");
  fs::create_symlink(place.dir / "stock/scenarios/send.x", place.dir / "etc/scenari/send.x");
  const auto found = place.site().find_file(std::nullopt, "example.org", "scenari", "send.x");
  REQUIRE_FALSE(found);
  CHECK(found.error().retry() == Retry::later);
  CHECK(found.error().what().find("etc/scenari/send.x") != std::string::npos);
}

TEST_CASE("stock files are where the environment says") {
  const auto site =
      Site::parse("domain example.org\nlistmaster a@example.org\n", "/site/paraph.conf");
  REQUIRE(site);
  ::setenv("PARAPH_DEFAULT_DIR", "/elsewhere", 1);
  CHECK(site->search_path(std::nullopt, "example.org", "mail_tt2").back() ==
        "/elsewhere/templates/mail_tt2");
  ::unsetenv("PARAPH_DEFAULT_DIR");
  CHECK(site->path_of("default_dir") == PARAPH_SOURCE_DIR);
}
