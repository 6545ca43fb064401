// The tree: where entities begin and end, and what a delimiter is (RFC 2046 §5.1).
#include <catch2/catch.hpp>

#include "mail/entity.h"

using namespace paraph::mail;

namespace {

std::string_view whole(const MimeTree& tree, std::size_t entity) {
  return tree.message().at(tree.entities().at(entity).whole);
}
std::string_view body(const MimeTree& tree, std::size_t entity) {
  return tree.message().at(tree.entities().at(entity).body);
}

// "multipart/mixed(text/plain,text/html)"
std::string shape(const MimeTree& tree, std::size_t entity = 0) {
  std::string out = tree.entities().at(entity).content_type.full();
  std::string inner;
  for (const auto child : tree.children(entity))
    inner += (inner.empty() ? "" : ",") + shape(tree, child);
  return inner.empty() ? out : out + "(" + inner + ")";
}

MimeTree mixed(const std::string& body_octets, const std::string& boundary = "b") {
  return scan(
      RawMessage("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\n\n" + body_octets));
}

}  // namespace

TEST_CASE("a message without MIME is one entity") {
  const auto tree =
      scan(RawMessage("From: a@example.org\r\nSubject: hello\r\n world\r\n\r\nbody\r\n"));
  REQUIRE(tree.entities().size() == 1);
  const auto& root = tree.root();
  CHECK(tree.defects() == Defect::none);
  CHECK(root.content_type.is("text", "plain"));
  CHECK_FALSE(root.has_content_type);
  CHECK(tree.message().at(root.header) == "From: a@example.org\r\nSubject: hello\r\n world\r\n");
  CHECK(body(tree, 0) == "body\r\n");
  REQUIRE(root.fields.size() == 2);
  CHECK(tree.message().at(root.fields[1].whole) == "Subject: hello\r\n world\r\n");
  CHECK(tree.message().at(root.fields[1].body) == " hello\r\n world");
  CHECK(tree.field(root, "SUBJECT") == "hello world");
  CHECK_FALSE(tree.field(root, "Subjec"));
}

TEST_CASE("degenerate messages") {
  CHECK(scan(RawMessage()).entities().size() == 1);
  CHECK(body(scan(RawMessage("\n")), 0).empty());
  CHECK(body(scan(RawMessage("\r\nx")), 0) == "x");
  const auto header_only = scan(RawMessage("A: b"));
  CHECK(header_only.field(header_only.root(), "a") == "b");
  CHECK(header_only.root().body == ByteRange{4, 0});
  CHECK(header_only.defects() == Defect::none);
}

TEST_CASE("fields: all of a name in order, obsolete white space before the colon") {
  const auto tree = scan(RawMessage("Received: 1\nreceived \t: 2\nRECEIVED:3\nX:\n\n"));
  const auto found = tree.find(tree.root(), "Received");
  REQUIRE(found.size() == 3);
  CHECK(tree.name(*found[1]) == "received");
  CHECK(tree.unfolded(*found[1]) == "2");
  CHECK(tree.unfolded(*found[2]) == "3");
  CHECK(tree.field(tree.root(), "x") == "");
}

TEST_CASE("the signed octets end before the line end that belongs to the delimiter") {
  const std::string part = "Content-Type: text/plain\r\n\r\nsigned text\r\n";
  const auto tree = scan(RawMessage(
      "Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"\r\n\r\n"
      "preamble\r\n--s\r\n" +
      part +
      "\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--s--\r\nepilogue"));
  CHECK(tree.defects() == Defect::none);
  REQUIRE(tree.entities().size() == 3);
  CHECK(whole(tree, 1) == part);
  CHECK(body(tree, 2) == "MII=");
  CHECK(tree.children(0) == std::vector<std::size_t>{1, 2});
  CHECK(tree.entities()[1].parent == 0);
  CHECK(tree.entities()[1].next == 2);
  CHECK(tree.entities()[2].next == Entity::kNone);
}

TEST_CASE("LF mail has the same tree as CRLF mail") {
  const std::string lf =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nA: b\n\ntwo\n\n--b--\n";
  const auto a = scan(RawMessage(lf));
  const auto b = scan(RawMessage(canonical_crlf(lf)));
  REQUIRE(a.entities().size() == 3);
  REQUIRE(b.entities().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(canonical_crlf(whole(a, i)) == whole(b, i));
  CHECK(body(a, 2) == "two\n");
}

TEST_CASE("what is a delimiter and what is not") {
  struct Case {
    const char* line;
    bool delimits;
  };
  for (const auto& [line, delimits] :
       {Case{"--b", true}, Case{"--b ", true}, Case{"--b \t ", true}, Case{"x --b", false},
        Case{" --b", false}, Case{"--bx", false}, Case{"--b x", false}, Case{"-- b", false},
        Case{"--B", false}, Case{"--b\r\r", false}, Case{"--b\r", true}, Case{"--b-", false},
        Case{"--b--x", false}}) {
    INFO(line);
    const auto tree = mixed("--b\n\none\n" + std::string(line) + "\n\ntwo\n--b--\n");
    CHECK(tree.children(0).size() == (delimits ? 2 : 1));
  }
}

TEST_CASE("a close-delimiter ends the parts; white space may follow, and no line end need") {
  for (const auto* end : {"--b--", "--b--\n", "--b-- \t\n", "--b--\n--b\n\nno part\n--b--\n"}) {
    INFO(end);
    const auto tree = mixed("--b\n\none\n" + std::string(end));
    REQUIRE(tree.children(0).size() == 1);
    CHECK(body(tree, 1) == "one");
    CHECK(tree.defects() == Defect::none);
  }
  CHECK(mixed("--b\n\none\n--b-- x\n").defects() == Defect::boundary_unclosed);
}

TEST_CASE("a bare CR ends no line: no delimiter, no field, no empty line") {
  CHECK(mixed("text\r--b\r\rpart\r--b--\r").children(0).empty());
  const auto tree = scan(RawMessage("Subject: x\rBcc: evil@example.org\n\r\n"));
  CHECK(tree.root().fields.size() == 1);
  CHECK(has(tree.defects(), Defect::bare_cr));
}

TEST_CASE("the innermost boundary is tried first, an outer one closes what is inside") {
  const auto same = mixed(
      "--b\nContent-Type: multipart/alternative; "
      "boundary=b\n\n--b\n\n1\n--b\n\n2\n--b--\n--b\n\n3\n--b--\n");
  CHECK(shape(same) == "multipart/mixed(multipart/alternative(text/plain,text/plain),text/plain)");
  CHECK(same.defects() == Defect::none);

  const auto unclosed =
      mixed("--b\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\n1\n--b\n\n2\n--b--\n");
  CHECK(shape(unclosed) == "multipart/mixed(multipart/mixed(text/plain),text/plain)");
  CHECK(unclosed.entities()[1].defects == Defect::boundary_unclosed);
  CHECK(unclosed.entities()[0].defects == Defect::none);
  CHECK(body(unclosed, 2) == "1");
  CHECK(whole(unclosed, 1).substr(whole(unclosed, 1).size() - 7) == "--in\n\n1");

  // "--x--" closes the inner boundary x before it could delimit the outer boundary x--.
  const auto clash = mixed(
      "--x--\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n1\n--x--\n--x--\n\n2\n--x----\n",
      "x--");
  CHECK(shape(clash) == "multipart/mixed(multipart/mixed(text/plain),text/plain)");
  CHECK(clash.defects() == Defect::none);
}

TEST_CASE("one boundary may begin like the other") {
  const auto tree =
      mixed("--ab\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\n1\n--ab\n\n2\n--a\n--ab--\n",
            "ab");
  CHECK(shape(tree) == "multipart/mixed(multipart/mixed(text/plain),text/plain)");
}

TEST_CASE("parts without header, without empty line, without anything") {
  const auto tree = mixed("--b\n--b\n\n--b\nContent-Type: text/html\n--b\nno field\n--b--\n");
  REQUIRE(tree.children(0).size() == 4);
  CHECK(whole(tree, 1).empty());
  CHECK(whole(tree, 2).empty());
  CHECK(whole(tree, 3) == "Content-Type: text/html");
  CHECK(tree.message().at(tree.entities()[3].fields.at(0).body) == " text/html");
  CHECK(tree.entities()[3].content_type.is("text", "html"));
  CHECK(body(tree, 3).empty());
  CHECK(body(tree, 4) == "no field");
  CHECK(tree.entities()[4].defects == Defect::field_without_colon);
}

TEST_CASE("a multipart whose header runs into its first delimiter") {
  const auto tree =
      scan(RawMessage("Content-Type: multipart/mixed; boundary=b\n--b\n\none\n--b--\n"));
  CHECK(shape(tree) == "multipart/mixed(text/plain)");
  CHECK(tree.defects() == Defect::field_without_colon);
}

TEST_CASE("message/rfc822 and message/global are descended into, unless transfer-encoded") {
  const std::string inner = "Subject: inner\nContent-Type: text/html\n\ntext";
  for (const auto* type : {"message/rfc822", "Message/GLOBAL"}) {
    const auto tree =
        mixed("--b\nContent-Type: " + std::string(type) + "\n\n" + inner + "\n--b--\n");
    REQUIRE(tree.entities().size() == 3);
    CHECK(whole(tree, 2) == inner);
    CHECK(body(tree, 1) == inner);
    CHECK(tree.entities()[2].depth == 2);
    CHECK(tree.field(tree.entities()[2], "subject") == "inner");
  }
  for (const auto* encoding : {"base64", "quoted-printable"}) {
    const auto tree = mixed("--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: " +
                            std::string(encoding) + "\n\n" + inner + "\n--b--\n");
    CHECK(tree.entities().size() == 2);
  }
}

TEST_CASE("the parts of a digest are messages unless they say otherwise") {
  const auto tree =
      scan(RawMessage("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: 1\n\nx\n"
                      "--b\nContent-Type: text/plain\n\nnot a message\n--b--\n"));
  CHECK(shape(tree) == "multipart/digest(message/rfc822(text/plain),text/plain)");
  CHECK(tree.field(tree.entities()[2], "Subject") == "1");
  CHECK_FALSE(tree.entities()[1].has_content_type);
}

TEST_CASE("an enclosed message that breaks off ends with its part") {
  const auto tree = mixed(
      "--b\nContent-Type: message/rfc822\n\n--b\n\nSubject: inner\n--b\nContent-Type: "
      "message/rfc822\n\nA: b\n--b--\n");
  CHECK(shape(tree) ==
        "multipart/mixed(message/rfc822(text/plain),text/plain,message/rfc822(text/plain))");
  CHECK(whole(tree, 2).empty());
  CHECK(whole(tree, 5) == "A: b");
}

TEST_CASE("the separator line of an mbox file is not part of the header") {
  const auto tree =
      scan(RawMessage("From alice@example.org Mon Nov 23 16:30:42 2026\nSubject: x\n\nbody"));
  CHECK(tree.defects() == Defect::none);
  CHECK(tree.message().at(tree.root().header) == "Subject: x\n");
  CHECK(tree.root().whole == ByteRange{0, tree.message().size()});
}
