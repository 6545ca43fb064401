#include "delivery/smtp.h"

#include <catch2/catch.hpp>

#include "delivery/scripted_server.h"

using namespace paraph;
using namespace paraph::delivery;
using test::Peer;
using test::ScriptedServer;

namespace {

constexpr Timeouts kShort{std::chrono::milliseconds(300), std::chrono::milliseconds(300),
                          std::chrono::milliseconds(300)};
constexpr std::string_view kMessage = "Subject: x\n\n.dot\nend\n";
const mail::Envelope kOne{"list-owner@example.org", {"alice@example.org"}};
const mail::Envelope kThree{"", {"a@example.org", "b@example.org", "c@example.org"}};

std::unique_ptr<Courier> client(const ScriptedServer& server, Protocol protocol = Protocol::smtp) {
  return smtp_courier(protocol, {"127.0.0.1", server.port(), ""}, "lists.example.org", kShort);
}

std::vector<DeliveryStatus> served(Courier& courier, const mail::Envelope& envelope,
                                   std::string_view message = kMessage) {
  auto result = courier.deliver(envelope, {message});
  INFO((result ? "" : result.error().what()));
  REQUIRE(result);
  REQUIRE(result->size() == envelope.forward_paths.size());
  return *result;
}

Error refused(Courier& courier, const mail::Envelope& envelope = kOne) {
  auto result = courier.deliver(envelope, {kMessage});
  REQUIRE_FALSE(result);
  REQUIRE(result.error().retry() == Retry::later);
  return result.error();
}

}  // namespace

TEST_CASE("a message goes over in lock-step, octet for octet", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) { peer.open(), peer.take(), peer.quit(); }});
  auto courier = client(server);
  const auto status = served(*courier, kOne);
  REQUIRE(status[0].outcome == Delivery::delivered);
  REQUIRE(status[0].reply == "250 2.0.0 Ok: queued as 4XkQ2");
  REQUIRE(status[0].recipient == "alice@example.org");
  courier.reset();
  REQUIRE(server.transcript() ==
          "EHLO lists.example.org\r\n"
          "MAIL FROM:<list-owner@example.org> SIZE=26\r\n"
          "RCPT TO:<alice@example.org>\r\n"
          "DATA\r\n"
          "Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n"
          "QUIT\r\n");
}

TEST_CASE("a tail in wire form leaves as it is, any other is made so", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) {
    peer.open();
    for (int i = 0; i < 3; ++i) peer.take();
    peer.quit();
  }});
  auto courier = client(server);
  REQUIRE(courier->wants_crlf());
  const auto send = [&](const Content& content) {
    const auto result = courier->deliver(kOne, content);
    REQUIRE(result);
    REQUIRE(result->front().outcome == Delivery::delivered);
  };
  send({"Subject: x\n\n.front\n", "QUJD\r\nREVG\r\n", true});
  send({"Subject: x\n\nfront\n", ".tail\n", false});
  send({"Subject: x\n\nopen", "QUJD\r\n", true});  // the line goes on in the tail
  courier.reset();
  const auto said = server.transcript();
  for (const std::string wanted :
       {"SIZE=35\r\n", "DATA\r\nSubject: x\r\n\r\n..front\r\nQUJD\r\nREVG\r\n.\r\n",
        "DATA\r\nSubject: x\r\n\r\nfront\r\n..tail\r\n.\r\n",
        "DATA\r\nSubject: x\r\n\r\nopenQUJD\r\n.\r\n"}) {
    INFO(wanted << "\nin\n" << said);
    REQUIRE(said.find(wanted) != std::string::npos);
  }
}

TEST_CASE("the connection serves further messages, and one refused in between",
          "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) {
    peer.open();
    peer.take();
    peer.answer("250 ok");  // MAIL
    peer.answer("550 5.1.1 no such user");
    peer.answer("250 reset");
    peer.take("250 second");
    peer.quit();
  }});
  auto courier = client(server);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::delivered);
  const auto no = served(*courier, kOne)[0];
  REQUIRE(no.outcome == Delivery::failed);
  REQUIRE(no.reply == "550 5.1.1 no such user");
  REQUIRE(served(*courier, kOne)[0].reply == "250 second");
  courier.reset();
  REQUIRE(server.transcript().find("RSET\r\nMAIL") != std::string::npos);
  REQUIRE(server.connections() == 1);
}

TEST_CASE("each recipient has an answer of his own", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) {
    peer.open("250 mx.example.org");
    peer.answer("250 ok");
    peer.answer("250 ok");
    peer.answer("450 4.2.0 greylisted");
    peer.answer("550-5.7.1 not\r\n550 5.7.1 you");
    peer.answer("354 go");
    peer.hear_data();
    peer.line("250 taken");
    peer.quit();
  }});
  auto courier = client(server);
  const auto status = served(*courier, kThree);
  REQUIRE(status[0].outcome == Delivery::delivered);
  REQUIRE(status[1].outcome == Delivery::deferred);
  REQUIRE(status[1].reply == "450 4.2.0 greylisted");
  REQUIRE(status[2].outcome == Delivery::failed);
  REQUIRE(status[2].reply == "550 5.7.1 not 5.7.1 you");
  courier.reset();
  REQUIRE(server.transcript().find("MAIL FROM:<>\r\n") !=
          std::string::npos);  // no SIZE was offered
}

TEST_CASE("an injected command never reaches the wire", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) { peer.open(), peer.take(), peer.quit(); }});
  auto courier = client(server);
  const mail::Envelope envelope{
      "",
      {"x@example.org>\r\nRCPT TO:<eve@example.org", "alice@example.org", "j\xc3\xb6@example.org"}};
  const auto status = served(*courier, envelope);
  REQUIRE(status[0].outcome == Delivery::failed);
  REQUIRE(status[1].outcome == Delivery::delivered);
  REQUIRE(status[2].outcome == Delivery::failed);
  REQUIRE(status[2].reply.find("SMTPUTF8") != std::string::npos);
  REQUIRE(served(*courier, {"a@b> X", {"alice@example.org"}})[0].outcome == Delivery::failed);
  courier.reset();
  REQUIRE(server.transcript().find("eve") == std::string::npos);
}

TEST_CASE("a server that knows no EHLO is greeted with HELO", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) {
    peer.open("502 5.5.2 command not recognized");
    peer.answer("250 mx.example.org");
    peer.take();
    peer.quit();
  }});
  auto courier = client(server);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::delivered);
  REQUIRE(served(*courier, kOne, "Subject: \xc3\xbc\n\n")[0].outcome == Delivery::failed);
  courier.reset();
  REQUIRE(server.transcript().find(
              "HELO lists.example.org\r\nMAIL FROM:<list-owner@example.org>\r\n") !=
          std::string::npos);
}

TEST_CASE("8-bit mail needs 8BITMIME and says so", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) { peer.open(), peer.take(), peer.quit(); },
                         [](Peer& peer) { peer.open("250-mx\r\n250 PIPELINING"), peer.quit(); }});
  constexpr std::string_view kEightBit = "Subject: x\n\n\xc3\xa4\n";
  auto courier = client(server);
  REQUIRE(served(*courier, kOne, kEightBit)[0].outcome == Delivery::delivered);
  courier = client(server);
  const auto status = served(*courier, kOne, kEightBit)[0];
  REQUIRE(status.outcome == Delivery::failed);
  REQUIRE(status.reply.find("8BITMIME") != std::string::npos);
  courier.reset();
  const auto heard = server.transcript();
  REQUIRE(heard.find(" BODY=8BITMIME\r\n") != std::string::npos);
  REQUIRE(heard.find("MAIL", heard.find("MAIL") + 1) == std::string::npos);
}

TEST_CASE("a message above the server's SIZE fails before it is sent", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) { peer.open("250-mx\r\n250 SIZE 10"), peer.quit(); }});
  auto courier = client(server);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::failed);
}

TEST_CASE("what the server says before anybody is served means: the transport is down",
          "[delivery][smtp]") {
  struct Row {
    const char* name;
    ScriptedServer::Script script;
    const char* words;
  };
  const std::vector<Row> rows{
      {"421 as a greeting", [](Peer& p) { p.line("421 busy"); }, "421 busy"},
      {"554 as a greeting", [](Peer& p) { p.line("554 no service"), p.quit(); }, "554 no service"},
      {"nothing", [](Peer& p) { p.hang(); }, "in time"},
      {"garbage", [](Peer& p) { p.line("SSH-2.0-OpenSSH_9.2"); }, "SSH-2.0-OpenSSH_9.2"},
      {"an overlong line", [](Peer& p) { p.say("220 " + std::string(9000, 'x')), p.hang(); },
       "too long"},
      {"a drip",
       [](Peer& p) {
         for (int i = 0; i < 8; ++i) p.say("2"), ::usleep(80'000);
       },
       "in time"},
      {"a hang-up", [](Peer& p) { p.say("220"); }, "closed"},
      {"451 to EHLO", [](Peer& p) { p.open("451 later"), p.quit(); }, "451 later"},
      {"502 to EHLO and HELO", [](Peer& p) { p.open("502 no"), p.answer("502 no"), p.quit(); },
       "HELO"},
      {"mixed codes", [](Peer& p) { p.open("250-a\r\n550 b"); }, "550 b"},
      {"421 to EHLO", [](Peer& p) { p.open("421 bye"); }, "421 bye"},
      {"a reset at MAIL", [](Peer& p) { p.open(), p.hear(), p.slam(); }, "MAIL"},
      {"silence at MAIL", [](Peer& p) { p.open(), p.hang(); }, "in time"},
      {"a reply too many", [](Peer& p) { p.open("250 mx\r\n250 again"), p.hang(); }, "out of turn"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ScriptedServer server({row.script});
    auto courier = client(server);
    const auto error = refused(*courier);
    CHECK(error.what().find(row.words) != std::string::npos);
    CHECK_FALSE(error.hint().empty());
    CHECK(error.what().find_first_of("\r\n") == std::string::npos);
  }
}

TEST_CASE("a server that refuses connections is down", "[delivery][smtp]") {
  std::string port;
  { port = ScriptedServer({}).port(); }
  auto courier = smtp_courier(Protocol::smtp, {"127.0.0.1", port, ""}, "x", kShort);
  REQUIRE(refused(*courier).what().find("Connection refused") != std::string::npos);
}

TEST_CASE("MAIL refused is the recipients' answer", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& peer) {
    peer.open();
    peer.answer("452 4.3.1 insufficient storage");
    peer.answer("250 reset");
    peer.answer("552 5.3.4 too big");
    peer.answer("250 reset");
    peer.quit();
  }});
  auto courier = client(server);
  for (const auto& status : served(*courier, kThree)) {
    REQUIRE(status.outcome == Delivery::deferred);
    REQUIRE(status.reply == "452 4.3.1 insufficient storage");
  }
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::failed);
}

namespace {

const ScriptedServer::Script kDismiss = [](Peer& p) { p.open(), p.answer("421 4.7.0 not you"); };
const ScriptedServer::Script kTake = [](Peer& p) { p.open(), p.take(), p.quit(); };

mail::Envelope from(const char* sender) {
  return {sender, {"alice@example.org"}};
}

}  // namespace

TEST_CASE("421 to one sender's MAIL puts off his mail and nobody else's", "[delivery][smtp]") {
  ScriptedServer server({kDismiss, kTake, kDismiss, kTake});
  auto courier = client(server);
  for (int round = 0; round < 2; ++round) {
    for (int copy = 0; copy < 5; ++copy) {  // one connection for all of his packet
      const auto status = served(*courier, from("a@example.org"))[0];
      REQUIRE(status.outcome == Delivery::deferred);
      REQUIRE(status.tried == (copy == 0));
      REQUIRE(status.reply.find("421 4.7.0 not you") != std::string::npos);
    }
    REQUIRE(served(*courier, from("b@example.org"))[0].outcome == Delivery::delivered);
    courier = client(server);
  }
  REQUIRE(server.connections() == 4);
}

TEST_CASE("421 to everybody's MAIL is a server that is down", "[delivery][smtp]") {
  ScriptedServer server({kDismiss, kDismiss, kDismiss, kDismiss,
                         [](Peer& p) { p.open(), p.take(), p.line("421 4.4.2 idle"); }, kDismiss});
  auto courier = client(server);
  for (const char* sender : {"a@example.org", "b@example.org"})
    REQUIRE(served(*courier, from(sender))[0].outcome == Delivery::deferred);
  // Now each try is one connection, whoever it is for, and the caller pauses in between.
  for (const char* sender : {"c@example.org", "a@example.org"})
    REQUIRE(refused(*courier, from(sender)).what().find("421") != std::string::npos);
  REQUIRE(served(*courier, from("d@example.org"))[0].outcome == Delivery::delivered);
  // Somebody was let in: it is one sender's matter again.
  REQUIRE(served(*courier, from("e@example.org"))[0].outcome == Delivery::deferred);
}

TEST_CASE("a sender who was refused is tried again when his time has come", "[delivery][smtp]") {
  ScriptedServer server({kDismiss, kTake});
  Timeouts at_once = kShort;
  at_once.refused_sender = std::chrono::milliseconds(0);
  auto courier = smtp_courier(Protocol::smtp, {"127.0.0.1", server.port(), ""}, "x", at_once);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::deferred);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::delivered);
}

TEST_CASE("from RCPT on, trouble belongs to the message", "[delivery][smtp]") {
  struct Row {
    const char* name;
    ScriptedServer::Script script;
    const char* words;
  };
  const std::vector<Row> rows{
      {"421 at RCPT", [](Peer& p) { p.answer("421 too many errors"); }, "421 too many errors"},
      {"a reset at RCPT", [](Peer& p) { p.hear(), p.slam(); }, "RCPT"},
      {"silence at RCPT", [](Peer& p) { p.hang(); }, "in time"},
      {"garbage at DATA", [](Peer& p) { p.answer("250 ok"), p.answer("what?"); }, "what?"},
      {"250 at DATA", [](Peer& p) { p.answer("250 ok"), p.answer("250 ok"); }, "unexpected"},
      {"451 at DATA",
       [](Peer& p) { p.answer("250 ok"), p.answer("451 wait"), p.answer("250 reset"), p.quit(); },
       "451 wait"},
      {"452 after the dot",
       [](Peer& p) {
         p.answer("250 ok"), p.answer("354 go"), p.hear_data(), p.line("452 full"), p.quit();
       },
       "452 full"},
      {"421 after the dot",
       [](Peer& p) { p.answer("250 ok"), p.answer("354 go"), p.hear_data(), p.line("421 bye"); },
       "421 bye"},
      {"silence after the dot", [](Peer& p) { p.answer("250 ok"), p.answer("354 go"), p.hang(); },
       "in doubt"},
      {"a hang-up after the dot",
       [](Peer& p) { p.answer("250 ok"), p.answer("354 go"), p.hear_data(); }, "in doubt"},
      {"garbage after the dot",
       [](Peer& p) { p.answer("250 ok"), p.answer("354 go"), p.hear_data(), p.line("ok"); },
       "in doubt"},
      {"354 after the dot",
       [](Peer& p) { p.answer("250 ok"), p.answer("354 go"), p.hear_data(), p.line("354 more"); },
       "in doubt"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ScriptedServer server({[&row](Peer& p) { p.open(), p.answer("250 sender ok"), row.script(p); },
                           [](Peer& p) { p.open(), p.take(), p.quit(); }});
    auto courier = client(server);
    const auto status = served(*courier, kOne)[0];
    CHECK(status.outcome == Delivery::deferred);
    INFO(status.reply);
    CHECK(status.reply.find(row.words) != std::string::npos);
  }
}

TEST_CASE("after such trouble the next message gets a connection that is in step",
          "[delivery][smtp]") {
  ScriptedServer server({[](Peer& p) {
                           p.open(), p.answer("250 ok"), p.answer("250 ok"), p.answer("354 go"),
                               p.hang();
                         },
                         [](Peer& p) { p.open(), p.take("250 fine"), p.quit(); }});
  auto courier = client(server);
  REQUIRE(served(*courier, kOne)[0].reply.substr(0, 8) == "in doubt");
  REQUIRE(served(*courier, kOne)[0].reply == "250 fine");
}

TEST_CASE("5xx after the dot fails", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& p) { p.open(), p.take("554 5.7.1 spam"), p.quit(); }});
  auto courier = client(server);
  const auto status = served(*courier, kOne)[0];
  REQUIRE(status.outcome == Delivery::failed);
  REQUIRE(status.reply == "554 5.7.1 spam");
}

TEST_CASE("an idle connection that the server closed is opened again, once", "[delivery][smtp]") {
  const ScriptedServer::Script endings[] = {
      [](Peer& p) { p.open(), p.take(); },                                    // closes at once
      [](Peer& p) { p.open(), p.take(), p.line("421 4.4.2 timeout"); },       // with the goodbye
      [](Peer& p) { p.open(), p.take(), p.answer("421 4.3.2 going down"); },  // answers MAIL so
      [](Peer& p) { p.open(), p.take(), p.hear(), p.slam(); },
      [](Peer& p) { p.open(), p.take(), p.answer("250 ok"), p.answer("421 too many errors"); },
  };
  for (const auto& ending : endings) {
    ScriptedServer server({ending, [](Peer& p) { p.open(), p.take("250 again"), p.quit(); }});
    auto courier = client(server);
    REQUIRE(served(*courier, kOne)[0].outcome == Delivery::delivered);
    REQUIRE(served(*courier, kOne)[0].reply == "250 again");
    REQUIRE(server.connections() == 2);
  }
  ScriptedServer gone(
      {[](Peer& p) { p.open(), p.take(); }, [](Peer& p) { p.line("421 still down"); }});
  auto courier = client(gone);
  REQUIRE(served(*courier, kOne)[0].outcome == Delivery::delivered);
  REQUIRE(refused(*courier).what().find("421 still down") != std::string::npos);
}

TEST_CASE("a server that stops reading does not hold us", "[delivery][smtp]") {
  ScriptedServer server({[](Peer& p) {
    p.open("250 mx"), p.answer("250 ok"), p.answer("250 ok"), p.answer("354 go");
    ::usleep(900'000);
  }});
  auto courier = client(server);
  const std::string big(20'000'000, 'x');
  const auto status = served(*courier, kOne, big)[0];
  REQUIRE(status.outcome == Delivery::deferred);
  REQUIRE(status.reply.find("while sending") != std::string::npos);
}

TEST_CASE("LMTP answers once for each accepted recipient", "[delivery][lmtp]") {
  const std::string path = "/tmp/paraph-lmtp-" + std::to_string(::getpid());
  ::unlink(path.c_str());
  ScriptedServer server({[](Peer& p) {
                          p.open();
                          p.answer("250 ok"), p.answer("250 ok"), p.answer("550 no"),
                              p.answer("250 ok");
                          p.answer("354 go");
                          p.hear_data();
                          p.line("250 <a> stored"), p.line("452 <c> quota");
                          p.quit();
                        }},
                        path);
  auto courier = smtp_courier(Protocol::lmtp, {"", "", path}, "lists.example.org", kShort);
  const auto status = served(*courier, kThree);
  REQUIRE(status[0].reply == "250 <a> stored");
  REQUIRE(status[1].outcome == Delivery::failed);
  REQUIRE(status[2].outcome == Delivery::deferred);
  REQUIRE(status[2].reply == "452 <c> quota");
  courier.reset();
  REQUIRE(server.transcript().substr(0, 4) == "LHLO");
  ::unlink(path.c_str());
}

TEST_CASE("LMTP: those without an answer are in doubt, those with one are not",
          "[delivery][lmtp]") {
  ScriptedServer server({[](Peer& p) {
    p.open(), p.answer("250 ok"), p.answer("250 ok"), p.answer("250 ok"), p.answer("250 ok"),
        p.answer("354 go");
    p.hear_data();
    p.line("250 stored");
  }});
  auto courier = client(server, Protocol::lmtp);
  const auto status = served(*courier, kThree);
  REQUIRE(status[0].outcome == Delivery::delivered);
  REQUIRE(status[1].reply.substr(0, 8) == "in doubt");
  REQUIRE(status[2].outcome == Delivery::deferred);
}

TEST_CASE("IPv6 and host names", "[delivery][smtp]") {
  ScriptedServer six({[](Peer& p) { p.open(), p.take("250 six"), p.quit(); }}, "", true);
  auto courier = smtp_courier(Protocol::smtp, {"::1", six.port(), ""}, "x", kShort);
  REQUIRE(served(*courier, kOne)[0].reply == "250 six");
  // localhost may stand for ::1 first, where nobody listens: the next address is tried.
  ScriptedServer four({[](Peer& p) { p.open(), p.take("250 four"), p.quit(); }});
  courier = smtp_courier(Protocol::smtp, {"localhost", four.port(), ""}, "x", kShort);
  REQUIRE(served(*courier, kOne)[0].reply == "250 four");
  courier.reset();
}
