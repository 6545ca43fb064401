#include <catch2/catch.hpp>

#include "compose/compose.h"
#include "compose/python_witness.h"
#include "compose/shape.h"

using namespace paraph;
using namespace paraph::compose;
using test::require_ours;

namespace {

Report report() {
  Report r;
  r.authored.from = "sympa@example.org";
  r.authored.from_name = "Mailing lists";
  r.authored.to = "alice@example.org";
  r.authored.message_id = "dsn.4xkq2abcde@example.org";
  r.authored.auto_submitted = "auto-replied";
  r.authored.date = TimePoint(std::chrono::seconds(1'795'451'442));
  r.arrival = TimePoint(std::chrono::seconds(1'795'451'400));
  r.reporting_domain = "example.org";
  r.final_recipient = "secure@example.org";
  r.status = "5.7.1";
  r.diagnostic = "not allowed to post";
  r.text = "Your message was not distributed.\n";
  r.original_header = "From: alice@example.org\r\nSubject: hi\r\n";
  return r;
}

std::string made(const Report& r) {
  auto result = delivery_status_notification(r);
  INFO((result ? "" : result.error().what()));
  REQUIRE(result);
  return *result;
}

std::string part(const mail::MimeTree& tree, std::size_t index) {
  const auto children = tree.children(0);
  REQUIRE(index < children.size());
  const auto& entity = tree.entities()[children[index]];
  return mail::lf_only(
      mail::decode_body(tree.message().at(entity.body), entity.transfer_encoding).value());
}

}  // namespace

TEST_CASE("a report has the three parts of RFC 6522", "[compose][dsn]") {
  const auto message = made(report());
  const auto tree = require_ours(message);
  const auto& type = tree.root().content_type;
  REQUIRE(type.is("multipart", "report"));
  REQUIRE(type.parameter("report-type") == "delivery-status");
  REQUIRE(tree.children(0).size() == 3);
  CHECK(part(tree, 0) == "Your message was not distributed.\n");
  CHECK(part(tree, 1) ==
        "Reporting-MTA: dns; example.org\nArrival-Date: Mon, 23 Nov 2026 16:30:00 +0000\n\n"
        "Final-Recipient: rfc822; secure@example.org\nAction: failed\nStatus: 5.7.1\n"
        "Diagnostic-Code: X-Paraph; not allowed to post\n");
  CHECK(part(tree, 2) == "From: alice@example.org\nSubject: hi\n");
  CHECK(tree.field(tree.root(), "Auto-Submitted") == "auto-replied");
  CHECK(made(report()) == message);
  CHECK(test::python_reads(message,
                           "out(m.get_content_type(), m.get_param('report-type'), "
                           "[p.get_content_type() for p in m.iter_parts()])\n"
                           "s = list(m.iter_parts())[1].get_payload()\n"
                           "out(len(s), s[0]['reporting-mta'], '|', s[1]['final-recipient'], "
                           "s[1]['action'], s[1]['status'])\n"
                           "out(m.defects, [p.defects for p in m.walk() if p.defects])\n") ==
        "multipart/report delivery-status ['text/plain', 'message/delivery-status', "
        "'text/rfc822-headers']\n"
        "2 dns; example.org | rfc822; secure@example.org failed 5.7.1\n[] []\n");
}

TEST_CASE("without an original header there is no third part", "[compose][dsn]") {
  Report r = report();
  r.original_header.clear();
  CHECK(require_ours(made(r)).children(0).size() == 2);
  r.original_header = "\r\nbody only";
  CHECK(require_ours(made(r)).children(0).size() == 2);
}

TEST_CASE("a body behind the header never comes back", "[compose][dsn]") {
  Report r = report();
  r.original_header = "Subject: x\n\nthe canary\n";
  CHECK(made(r).find("canary") == std::string::npos);
}

TEST_CASE("a hostile header keeps its octets but for bare CR, and nothing else breaks",
          "[compose][dsn]") {
  Report r = report();
  const std::string raw("Subject: \xfc\xff\rBcc: x\nX: \0\x1b trailing  \nLong: ", 42);
  r.original_header = raw + std::string(5000, 'y') + "\r\n";
  auto tree = require_ours(made(r));
  std::string expected = raw + std::string(5000, 'y') + "\n";
  expected[expected.find('\r')] = ' ';
  CHECK(part(tree, 2) == expected);

  r.original_header.clear();
  for (int i = 0; i < 10'000; ++i) r.original_header += "X-Field: " + std::to_string(i) + "\n";
  tree = require_ours(made(r));
  CHECK(part(tree, 2).size() <= 64 * 1024);
  CHECK(part(tree, 2).size() > 60 * 1024);
}

TEST_CASE("the boundary stands in no part", "[compose][dsn]") {
  Report r = report();
  const auto first = require_ours(made(r)).root().content_type.parameter("boundary").value();
  r.text = "--" + first + "--\n";
  r.original_header = "X: 1\n--" + first + "\n";
  const auto tree = require_ours(made(r));
  CHECK(tree.children(0).size() == 3);
  CHECK(tree.root().content_type.parameter("boundary") != first);
  CHECK(part(tree, 0) == r.text);
}

TEST_CASE("foreign words cannot add fields to the status", "[compose][dsn]") {
  Report r = report();
  r.final_recipient = "x@example.org\r\nAction: delivered";
  r.diagnostic =
      "no\r\n\r\nFinal-Recipient: rfc822; eve@example.org \xc3\xbc " + std::string(200, 'z');
  const auto message = made(r);
  const auto status = part(require_ours(message), 1);
  CHECK(status.find("\nAction: delivered") == std::string::npos);
  CHECK(status.find("\nFinal-Recipient: rfc822; eve") == std::string::npos);
  CHECK(test::python_reads(
            message, "s = list(m.iter_parts())[1].get_payload()\nout(len(s), s[1].keys())\n") ==
        "2 ['Final-Recipient', 'Action', 'Status', 'Diagnostic-Code']\n");
}

TEST_CASE("action and status must agree (RFC 3464 §2.3.3)", "[compose][dsn]") {
  for (const auto& [action, status, fine] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"failed", "5.1.1", true},
           {"delivered", "2.1.5", true},
           {"delayed", "4.4.7", true},
           {"failed", "2.1.5", false},
           {"failed", "5.1", false},
           {"failed", "5.1.1234", false},
           {"failed", "5..1.1", false},
           {"failed", "5.x.1", false},
           {"failed", "", false},
           {"relayed", "2.1.5", false},
           {"failed\r\nX: y", "5.1.1", false}}) {
    Report r = report();
    r.action = action;
    r.status = status;
    INFO(action << " " << status);
    CHECK(delivery_status_notification(r).has_value() == fine);
  }
}
