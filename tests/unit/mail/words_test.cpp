// RFC 2047 and charsets.
#include <catch2/catch.hpp>

#include "base/utf8.h"
#include "mail/address.h"

using namespace paraph;
using namespace std::string_literals;
using namespace paraph::mail;

TEST_CASE("charsets that mail uses") {
  CHECK(to_utf8("J\xF6rg", "ISO-8859-1") == "Jörg");
  CHECK(to_utf8("\x80 1", "Windows-1252") == "€ 1");
  CHECK(to_utf8("\xA4", "iso-8859-15") == "€");
  CHECK(to_utf8("\xC3\xB6", " utf-8 ") == "ö");
  CHECK(to_utf8("plain", "us-ascii") == "plain");
  CHECK(to_utf8("\x1B$B4A;z\x1B(B", "ISO-2022-JP") == "漢字");
  CHECK(to_utf8("\x8A\xBF\x8E\x9A", "Shift_JIS") == "漢字");
  CHECK(to_utf8("\xB4\xC1\xBB\xFA", "euc-jp") == "漢字");
  CHECK(to_utf8("\xBA\xBA\xD7\xD6", "gb2312") == "汉字");
  CHECK(to_utf8("\xBA\xBA\xD7\xD6", "GB18030") == "汉字");
  CHECK(to_utf8("\xBA\x7E\xA6\x72", "big5") == "漢字");
  CHECK(to_utf8("\xC7\xD1", "euc-kr") == "한");
  CHECK(to_utf8("\xCD\xC9\xD2", "koi8-r") == "мир");
  CHECK(to_utf8(std::string(5000, '\xF6'), "latin1")->size() == 10000);
}

TEST_CASE("charsets that are not converted") {
  CHECK_FALSE(to_utf8("x", "UTF-7"));
  CHECK_FALSE(to_utf8("x", "ISO-2022-CN-EXT"));
  CHECK_FALSE(to_utf8("x", "iso-8859-1//TRANSLIT"));
  CHECK_FALSE(to_utf8("x", "iso-8859-17"));
  CHECK_FALSE(to_utf8("x", ""));
  CHECK_FALSE(to_utf8("\xFF", "utf-8"));
  CHECK_FALSE(to_utf8("\xED\xA0\x80", "utf-8"));
  CHECK_FALSE(to_utf8("\xC3", "us-ascii"));
  CHECK_FALSE(to_utf8("\x8A", "shift_jis"));  // half a character
}

TEST_CASE("encoded words are decoded") {
  CHECK(decode_words("=?iso-8859-1?q?J=F6rg_M=fcller?=") == "Jörg Müller");
  CHECK(decode_words("Re: =?UTF-8?B?R3LDvMOfZQ==?= x") == "Re: Grüße x");
  CHECK(decode_words("=?utf-8*de?Q?=C3=A4?=") == "ä");             // RFC 2231 §5
  CHECK(decode_words("(=?utf-8?Q?a?= =?utf-8?Q?b?=)") == "(ab)");  // RFC 2047 §8
  CHECK(decode_words("=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=E4?=") == "aä");
  CHECK(decode_words("=?utf-8?Q?a?= b =?utf-8?Q?c?=") == "a b c");
  CHECK(decode_words("=?utf-8?Q?a?==?utf-8?Q?b?=") == "ab");
  CHECK(decode_words("=?utf-8?B?w7Y?=") == "ö");                  // padding forgotten
  CHECK(decode_words("=?utf-8?Q?=C3?= =?utf-8?Q?=B6?=") == "ö");  // a character cut in two
  CHECK(decode_words("=?utf-8?B?ww==?= =?utf-8?B?tg==?=") == "ö");
  CHECK(decode_words("=?utf-8?q?x=0D=0ABcc:_evil?=") == "x\r\nBcc: evil");
}

TEST_CASE("what is no encoded word stays as it is") {
  for (const std::string& text : std::vector<std::string>{
           "", "=?", "=?utf-8?Q?open", "=?utf-8?X?a?=", "=??Q?a?=", "=?utf-8?Q?a b?=",
           "=?nowhere-8?Q?a?=", "=?utf-8?Q?=FF?=", "=?utf-8?B?w?=", "plain \xF6", "a  b"})
    CHECK(decode_words(text) == text);
  CHECK(decode_words("=?utf-8?Q?=C3=B6?= =?utf-8?Q?=FF?=") == "ö =?utf-8?Q?=FF?=");
}

TEST_CASE("encoding only where it is needed") {
  CHECK(encode_words("Plain text, <as> it is") == "Plain text, <as> it is");
  CHECK(encode_words("Grüße an alle Mitglieder") ==
        "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an_alle_Mitglieder?=");
  CHECK(encode_words("привет") == "=?UTF-8?B?0L/RgNC40LLQtdGC?=");
  CHECK(encode_words("=?utf-8?Q?a?=") != "=?utf-8?Q?a?=");
  CHECK(decode_words(encode_words("=?utf-8?Q?a?=")) == "=?utf-8?Q?a?=");
}

TEST_CASE("line ends and controls never survive encoding") {
  const auto evil = "a\r\nBcc: x\0y\rz\n\x1B[0m\x7F\xC2\x85"s;
  const auto encoded = encode_words(evil);
  CHECK(encoded == "a Bcc: x y z  [0m  ");
  const auto decoded = decode_words(encode_words("ä" + evil));
  CHECK(decoded == "äa Bcc: x y z  [0m  ");
  CHECK(decode_words(encode_words("\xFF")) == "\xEF\xBF\xBD");
}

TEST_CASE("long texts become short words that keep characters whole") {
  for (const std::string& unit : std::vector<std::string>{"ä", "漢", "😀", "aä ", "x", "?_=ü"}) {
    std::string text = "ü";
    for (int i = 0; i < 100; ++i) text += unit;
    const auto encoded = encode_words(text);
    CHECK(decode_words(encoded) == text);
    for (std::size_t at = 0; at < encoded.size();) {
      const auto end = std::min(encoded.find(' ', at), encoded.size());
      const auto word = encoded.substr(at, end - at);
      CHECK(word.size() <= 75);
      CHECK(utf8::valid(decode_words(word)));
      CHECK(decode_words(word).find("=?") == std::string::npos);
      at = end + 1;
    }
  }
}

TEST_CASE("many words, or things that begin like words, take linear time") {
  std::string words;
  std::string starts;
  for (int i = 0; i < 100'000; ++i) words += "=?utf-8?Q?=C3=B6?= ", starts += "=?a?q?";
  CHECK(decode_words(words).size() == 2 * 100'000 + 1);
  CHECK(decode_words(starts) == starts);
}
