// What the scanner reports, and where it stops.
#include <catch2/catch.hpp>
#include <chrono>

#include "mail/entity.h"

using namespace paraph::mail;
using namespace std::string_literals;

namespace {

Defect defects(const std::string& octets) {
  return scan(RawMessage(octets)).defects();
}

constexpr auto kMultipart = "Content-Type: multipart/mixed; boundary=";

// Far above what linear work needs, even under a sanitizer, and far below what quadratic work
// would.
MimeTree timed_scan(std::string octets, const ScanLimits& limits = {}) {
  RawMessage message(std::move(octets));
  const auto start = std::chrono::steady_clock::now();
  auto tree = scan(std::move(message), limits);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  return tree;
}

std::string nested(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) {
    const auto boundary = "n" + std::to_string(i);
    out += kMultipart + boundary + "\n\n--" + boundary + "\n";
  }
  return out + "\nbottom\n";
}

}  // namespace

TEST_CASE("octets that are no good") {
  const auto nul = "A: b\n\nx\0y\n"s;
  CHECK(defects(nul) == Defect::nul_octet);
  CHECK(defects("A: b\r\n\r\nx\ry\r\n") == Defect::bare_cr);
  CHECK(defects("A: b\r\n\r\nx\r\r\n") == Defect::bare_cr);
  CHECK(defects("A: b\r\n\r\nx\r") == Defect::bare_cr);
  CHECK(defects("A: b\r\n\r\nx\r\n\r\n") == Defect::none);
  CHECK(defects("A: b\r\n\r\nx\n") == Defect::mixed_line_ends);
  CHECK(defects("A: b\n\n" + std::string(998, 'x') + "\n") == Defect::none);
  CHECK(defects("A: b\r\n\r\n" + std::string(998, 'x') + "\r\n") == Defect::none);
  CHECK(defects("A: b\n\n" + std::string(999, 'x') + "\n") == Defect::long_line);
  CHECK(defects("A: b\xC3\xB6\n\nx") == Defect::eight_bit_header);
  CHECK(defects("A: b\n c\xC3\xB6\n\nx") == Defect::eight_bit_header);
  CHECK(defects("A: b\n\n\xC3\xB6") == Defect::none);
}

TEST_CASE("an oddity is noted at the entity in which it stands") {
  const auto tree =
      scan(RawMessage(std::string(kMultipart) + "b\n\n--b\n\nclean\n--b\n\na\rb\n--b--\n"));
  REQUIRE(tree.entities().size() == 3);
  CHECK(tree.entities()[0].defects == Defect::none);
  CHECK(tree.entities()[1].defects == Defect::none);
  CHECK(tree.entities()[2].defects == Defect::bare_cr);
  CHECK(tree.defects() == Defect::bare_cr);
}

TEST_CASE("boundaries that do not work") {
  CHECK(defects("Content-Type: multipart/mixed\n\n--x\n\ny\n--x--\n") == Defect::boundary_missing);
  CHECK(defects("Content-Type: multipart/mixed; boundary=\" \"\n\n-- \n\ny\n") ==
        Defect::boundary_missing);
  CHECK(defects(std::string(kMultipart) + "b\n\ntext\n") == Defect::boundary_never_seen);
  CHECK(defects(std::string(kMultipart) + "b\n\n--b\n\ntext\n") == Defect::boundary_unclosed);
  CHECK(defects("Content-Type: multipart/mixed; boundary=b; boundary=c\n\n--b--\n") ==
        Defect::bad_content_type);
  CHECK(defects("Content-Type: multipart/mixed; boundary=\"b\n\n--b--\n") ==
        Defect::bad_content_type);
}

TEST_CASE("content fields: the first one counts, a second one is noted") {
  const auto tree = scan(RawMessage(
      "Content-Type: text/html\nContent-type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n"));
  CHECK(tree.entities().size() == 1);
  CHECK(tree.root().content_type.is("text", "html"));
  CHECK(tree.defects() == Defect::duplicate_content_field);
  CHECK(defects("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n") ==
        Defect::duplicate_content_field);
}

TEST_CASE("a broken content type is text/plain") {
  const auto tree = scan(RawMessage("Content-Type: multipart\n\nx"));
  CHECK(tree.root().content_type.is("text", "plain"));
  CHECK(tree.root().has_content_type);
  CHECK(tree.defects() == Defect::bad_content_type);
}

TEST_CASE("an encoded multipart is split all the same, and noted") {
  const auto tree = scan(RawMessage("Content-Transfer-Encoding: base64\n" +
                                    std::string(kMultipart) + "b\n\n--b\n\nx\n--b--\n"));
  CHECK(tree.entities().size() == 2);
  CHECK(tree.defects() == Defect::encoded_multipart);
}

TEST_CASE("a header line that is no field ends the section") {
  for (const std::string& line :
       std::vector<std::string>{"no field", " folded nothing", ": no name", "two words: x",
                                "N\xC3\xB6: x", "Odd\r: x"}) {
    INFO(line);
    const auto tree = scan(RawMessage((line[0] == ' ' ? "" : "A: b\n") + line + "\nB: c\n\nbody"));
    CHECK(has(tree.defects(), Defect::field_without_colon));
    CHECK(tree.message().at(tree.root().body) == line + "\nB: c\n\nbody");
  }
}

TEST_CASE("names of defects") {
  CHECK(to_string(Defect::none).empty());
  CHECK(to_string(Defect::long_line | Defect::bare_cr) == "bare_cr,long_line");
  CHECK(to_string(Defect::encoded_multipart) == "encoded_multipart");
}

TEST_CASE("beyond the depth limit an entity is a leaf") {
  const ScanLimits limits{2, 100, 1000, 100};
  const auto tree = scan(RawMessage(nested(5)), limits);
  REQUIRE(tree.entities().size() == 3);
  CHECK(has(tree.entities()[2].defects, Defect::limit_depth));
  CHECK(tree.entities()[2].first_child == Entity::kNone);
  CHECK_FALSE(has(scan(RawMessage(nested(2)), limits).defects(), Defect::limit_depth));

  const auto mail =
      scan(RawMessage("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n"
                      "Content-Type: message/rfc822\n\nx"),
           limits);
  CHECK(mail.entities().size() == 3);
  CHECK(has(mail.entities()[2].defects, Defect::limit_depth));
}

TEST_CASE("beyond the limit of parts nothing is split any more") {
  const ScanLimits limits{100, 3, 1000, 100};
  const auto tree = scan(
      RawMessage(std::string(kMultipart) + "b\n\n--b\n\n1\n--b\n\n2\n--b\n\n3\n--b--\n"), limits);
  CHECK(tree.entities().size() == 3);
  CHECK(tree.message().at(tree.entities()[2].body) == "2");
  CHECK(tree.defects() == Defect::limit_parts);
}

TEST_CASE("beyond the limits of a header section the rest is body") {
  const ScanLimits fields{100, 100, 1000, 2};
  const auto a = scan(RawMessage("A: 1\nB: 2\n b\nC: 3\n\nx"), fields);
  CHECK(a.defects() == Defect::limit_header);
  CHECK(a.root().fields.size() == 2);
  CHECK(a.message().at(a.root().body) == "C: 3\n\nx");

  const ScanLimits octets{100, 100, 20, 100};
  const auto b = scan(RawMessage("A: 1\nB: 2345\n 67890123\n c\n\nx"), octets);
  CHECK(b.defects() == Defect::limit_header);
  CHECK(b.root().fields.size() == 1);
  CHECK(b.message().at(b.root().body) == "B: 2345\n 67890123\n c\n\nx");
  CHECK(scan(RawMessage("A: 1\nB: 2345\n 6789\n\nx"), octets).defects() == Defect::none);
}

TEST_CASE("the fields of all entities together are limited") {
  const ScanLimits limits{100, 100, 1000, 100, 4};
  const auto tree = scan(RawMessage(std::string(kMultipart) +
                                    "b\n\n--b\nA: 1\nB: 2\n\n1\n--b\nC: 3\nD: 4\n\n2\n--b--\n"),
                         limits);
  REQUIRE(tree.entities().size() == 3);
  CHECK(tree.entities()[1].fields.size() == 2);
  CHECK(tree.entities()[2].fields.size() == 1);
  CHECK(tree.entities()[2].defects == Defect::limit_header);
  CHECK(tree.message().at(tree.entities()[2].body) == "D: 4\n\n2");
}

TEST_CASE("hostile sizes take linear time") {
  SECTION("10,000 nested multiparts") {
    const auto tree = timed_scan(nested(10'000));
    CHECK(tree.entities().size() == 101);
    CHECK(has(tree.defects(), Defect::limit_depth));
  }
  SECTION("10,000 nested multiparts, all of them wanted") {
    const auto tree = timed_scan(nested(10'000), {20'000, 20'000, 1000, 100});
    CHECK(tree.entities().size() == 10'001);
    CHECK(tree.entities().back().depth == 10'000);
  }
  SECTION("100,000 nested messages") {
    std::string octets;
    for (int i = 0; i < 100'000; ++i) octets += "Content-Type: message/rfc822\n\n";
    CHECK(timed_scan(std::move(octets)).entities().size() == 101);
  }
  SECTION("100,000 parts") {
    std::string octets = std::string(kMultipart) + "b\n\n";
    for (int i = 0; i < 100'000; ++i) octets += "--b\nContent-Type: text/plain\n\nx\n";
    CHECK(timed_scan(octets).entities().size() == 10'000);
    CHECK(timed_scan(octets + "--b--\n", {100, 1'000'000, 1000, 100}).entities().size() == 100'001);
  }
  SECTION("a header line of 10 MB") {
    const auto tree =
        timed_scan("Subject: " + std::string(10U << 20U, 'x') + "\nFrom: a@example.org\n\n");
    CHECK(has(tree.defects(), Defect::limit_header));
    CHECK(has(tree.defects(), Defect::long_line));
  }
  SECTION("a million folded lines") {
    std::string octets = "Subject: x\n";
    for (int i = 0; i < 1'000'000; ++i) octets += " y\n";
    CHECK(has(timed_scan(std::move(octets)).defects(), Defect::limit_header));
  }
  SECTION("many lines that could be delimiters, many boundaries open") {
    std::string octets = nested(100);
    for (int i = 0; i < 1'000'000; ++i) octets += "--n9x--\n";
    CHECK(timed_scan(std::move(octets)).entities().size() == 101);
  }
}
