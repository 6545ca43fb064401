#include <catch2/catch.hpp>

#include "mail/entity.h"

using namespace paraph::mail;

namespace {
std::string qp(std::string_view body) {
  return decode_body(body, TransferEncoding::quoted_printable).value();
}
}  // namespace

TEST_CASE("identity encodings and unknown ones") {
  for (const auto encoding :
       {TransferEncoding::seven_bit, TransferEncoding::eight_bit, TransferEncoding::binary})
    CHECK(decode_body("a=\r\n=41", encoding) == "a=\r\n=41");
  CHECK_FALSE(decode_body("x", TransferEncoding::other));
}

TEST_CASE("base64 bodies") {
  CHECK(decode_body("aGVs\r\nbG8=\r\n", TransferEncoding::base64) == "hello");
  CHECK_FALSE(decode_body("aGVsbG8gd29ybGQhI", TransferEncoding::base64));
}

TEST_CASE("quoted-printable decoding") {
  CHECK(qp("J=C3=B6rg =3d=3D") == "Jörg ==");
  CHECK(qp("soft=\r\nbreak= \t\r\n, LF=\ntoo=") == "softbreak, LFtoo");
  CHECK(qp("transit blanks \t\r\nkept=20\r\n") == "transit blanks\r\nkept \r\n");
  CHECK(qp("not=an=escape =4") == "not=an=escape =4");
  CHECK(qp("line\nends\r\nstay\n") == "line\nends\r\nstay\n");
}

TEST_CASE("quoted-printable encoding") {
  CHECK(quoted_printable_encode("Grüße = x\n") == "Gr=C3=BC=C3=9Fe =3D x\r\n");
  CHECK(quoted_printable_encode("end \nend\t\r\n ") == "end=20\r\nend=09\r\n=20");
  CHECK(quoted_printable_encode("From here\n.\nFrom\n") == "=46rom here\r\n=2E\r\nFrom\r\n");
  CHECK(quoted_printable_encode("bare\rCR") == "bare=0DCR");
  CHECK(quoted_printable_encode("").empty());
}

TEST_CASE("quoted-printable: short lines, and back again") {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += std::string(static_cast<std::size_t>(i % 90), i % 3 == 0 ? 'x' : '=') + " ü\r\n";
  text +=
      std::string(76, 'a') + "\r\n" + std::string(77, 'a') + "\r\n" + std::string(75, 'a') + "=";
  const auto encoded = quoted_printable_encode(text);
  CHECK(qp(encoded) == text);
  for (std::size_t at = 0; at < encoded.size();) {
    const auto end = std::min(encoded.find("\r\n", at), encoded.size());
    REQUIRE(end - at <= 76);
    at = end + 2;
  }
  CHECK(encoded.find(std::string(76, 'a') + "\r\n") !=
        std::string::npos);  // 76 fit without a soft break
}

TEST_CASE("line ends") {
  CHECK(canonical_crlf("a\nb\r\nc\rd\n\n\r\n\re") == "a\r\nb\r\nc\rd\r\n\r\n\r\n\re");
  CHECK(canonical_crlf("\n") == "\r\n");
  CHECK(canonical_crlf("").empty());
  CHECK(lf_only("a\r\nb\nc\r\r\nd\r") == "a\nb\nc\r\nd\r");
  const std::string mixed = "x\r\n\ny\r";
  CHECK(canonical_crlf(canonical_crlf(mixed)) == canonical_crlf(mixed));
}
