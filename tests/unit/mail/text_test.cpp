#include "mail/text.h"

#include <catch2/catch.hpp>

using namespace paraph::mail;

namespace {
std::optional<std::string> text(const std::string& message) {
  return typed_text(scan(RawMessage(message)));
}
}  // namespace

TEST_CASE("the text that a person has typed: of the root, of alternatives, of the first part") {
  CHECK(text("Subject: x\n\nHELP\r\n") == "HELP\n");
  const std::string plain = "Content-Type: text/plain\n\nplain\n";
  const std::string html = "Content-Type: text/html\n\n<b>html</b>\n";
  CHECK(text("Content-Type: multipart/alternative; boundary=b\n\n--b\n" + html + "--b\n" + plain +
             "--b--\n") == "plain");
  CHECK(text("Content-Type: multipart/mixed; boundary=b\n\n--b\n" + plain + "--b\n" + html +
             "--b--\n") == "plain");
  CHECK_FALSE(text("Content-Type: multipart/mixed; boundary=b\n\n--b\n" + html + "--b\n" + plain +
                   "--b--\n"));
  CHECK_FALSE(text(html));
  CHECK_FALSE(text("Content-Type: message/rfc822\n\n" + plain));
}

TEST_CASE("transfer coding and charset are undone") {
  CHECK(text("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
             "quoted-printable\n\nJ=F6rg=\n s\n") == "Jörg s\n");
  CHECK(text("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
             "base64\n\nSEVMUAo=\n") == "HELP\n");
  CHECK_FALSE(text("Content-Type: text/plain; charset=x-unknown\n\n\xff\n"));
  CHECK_FALSE(text("\n" + std::string(kMostText + 1, 'x')));
}

TEST_CASE("format=flowed: a broken line is whole again (RFC 3676)") {
  const std::string type = "Content-Type: text/plain; format=flowed";
  CHECK(text(type + "\n\nDISTRIBUTE a \nkey\n stuffed\n-- \nBob\n") ==
        "DISTRIBUTE a key\nstuffed\n-- \nBob\n");
  CHECK(text(type + "; delsp=yes\n\nab \ncd\n") == "abcd\n");
  CHECK(text(type + "\n\n> so they \n> said \nHELP\n>> deep \n> less\n") ==
        ">so they said \nHELP\n>>deep \n>less\n");
  CHECK(text(type + "\n\n\nHELP\n") == "\nHELP\n");
}
