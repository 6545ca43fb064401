// A second opinion on what we write and read: the e-mail package of python3.
#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/entity.h"

using namespace paraph;
using namespace paraph::mail;

namespace {

// What `script` prints when `octets` is bound to the given octets.
std::string python(const std::string& script, std::string_view octets) {
  const std::string command =
      "python3 -c \"import sys, quopri, email, email.header, email.policy\n" +
      ("octets = bytes.fromhex('" + ascii::hex_lower(octets) + "')\n") +
      "put = sys.stdout.buffer.write\n" + script + "\"";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe);
  std::string out;
  for (int c = fgetc(pipe.get()); c != EOF; c = fgetc(pipe.get())) out += static_cast<char>(c);
  return out;
}

}  // namespace

TEST_CASE("python reads our quoted-printable") {
  std::string text = "From the list\r\n.\r\nGrüße = \t\r\n" + std::string(200, '=') + " \r\nend ";
  CHECK(python("put(quopri.decodestring(octets))", quoted_printable_encode(text)) == text);
}

TEST_CASE("python reads our encoded words") {
  for (const std::string& text : std::vector<std::string>{
           "Grüße an alle Mitglieder des Vereins, und zwar an wirklich jede und jeden von ihnen "
           "(öffentlich)",
           "привет, и ещё немного текста, чтобы понадобилось несколько слов подряд",
           "looks =?utf-8?q?like?= a word", "plain"}) {
    CHECK(python("put(str(email.header.make_header(email.header.decode_header(octets.decode())))."
                 "encode())",
                 encode_words(text)) == text);
  }
}

TEST_CASE("python sees the same parts") {
  const std::string octets =
      "Content-Type: multipart/mixed; boundary=\"b b\"\n\npreamble\n--b b\nContent-Type: "
      "multipart/alternative;\n boundary*0=i; boundary*1=n\n\n--in\n\none\n--bx\n--in "
      "\nContent-Type: text/html\n\n"
      "two\n--b b\n\nthree =\n--b b--\nepilogue\n";
  const auto tree = scan(RawMessage(octets));
  std::string ours;
  for (const auto& entity : tree.entities()) {
    ours += entity.content_type.full() + ":";
    if (entity.first_child == Entity::kNone) ours += tree.message().at(entity.body);
    ours += ";";
  }
  CHECK(python("for p in email.message_from_bytes(octets).walk():\n"
               "  put((p.get_content_type() + ':' + ('' if p.is_multipart() else p.get_payload()) "
               "+ ';').encode())\n",
               octets) == ours);
}
