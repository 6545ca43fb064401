#include "delivery/session.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"

namespace paraph::delivery {
namespace {

constexpr std::chrono::milliseconds kGoodbye{500};

Error refused(std::string_view step, const Reply& reply) {
  return Error::later(Errc::busy, fmt::format("{}: the server says \"{}\"", step, reply.str()));
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(Protocol protocol, const Endpoint& endpoint,
                                               const std::string& helo, Timeouts timeouts) {
  auto socket = Socket::connect(endpoint, timeouts.connect);
  if (!socket) return std::move(socket).error();
  std::unique_ptr<Session> session(new Session(std::move(socket).value(), timeouts));
  if (auto greeted = session->greet(protocol, helo); !greeted) return greeted.error();
  return session;
}

// RFC 5321 §3.1, §3.2: the greeting, EHLO, HELO for a server that does not know EHLO.
Result<void> Session::greet(Protocol protocol, const std::string& helo) {
  const auto greeting = read_reply(timeouts_.command);
  if (!greeting) return Error(greeting.error()).in("greeting");
  if (!greeting->positive()) return refused("greeting", *greeting);
  const std::string_view verb = protocol == Protocol::lmtp ? "LHLO" : "EHLO";
  const auto extended = command(fmt::format("{} {}", verb, helo));
  if (!extended) return Error(extended.error()).in(verb);
  if (extended->positive()) {
    capabilities_ = parse_capabilities(*extended);
    return {};
  }
  if (protocol == Protocol::lmtp || extended->code / 100 != 5) return refused(verb, *extended);
  const auto plain = command("HELO " + helo);
  if (!plain) return Error(plain.error()).in("HELO");
  return plain->positive() ? Result<void>() : refused("HELO", *plain);
}

Session::~Session() {
  if (broken_ || socket_->has_unread()) return;
  if (socket_->send({"QUIT\r\n"}, kGoodbye))
    (void)read_reply(std::min(kGoodbye, timeouts_.command));
}

Result<Reply> Session::command(std::string_view line) {
  if (socket_->has_unread()) {
    // Either an answer to nothing, or the end: reading tells which.
    auto unasked = read_reply(timeouts_.command);
    broken_ = true;
    if (!unasked) return unasked;
    if (unasked->goodbye()) return unasked;
    return Error::later(Errc::corrupt,
                        fmt::format("the server speaks out of turn: \"{}\"", unasked->str()));
  }
  if (auto sent = send({line, "\r\n"}); !sent) return sent.error();
  return read_reply(timeouts_.command);
}

Result<void> Session::send(Pieces octets) {
  auto sent = socket_->send(octets, timeouts_.command);
  broken_ = broken_ || !sent;
  return sent;
}

Result<Reply> Session::reply_after_dot() {
  return read_reply(timeouts_.after_dot);
}

Result<Reply> Session::read_reply(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  ReplyReader reader;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    auto line = socket_->read_line(std::max(left, std::chrono::milliseconds(0)));
    const auto state = line ? reader.take(*line) : ReplyReader::State::garbage;
    if (state == ReplyReader::State::more) continue;
    broken_ = broken_ || state == ReplyReader::State::garbage || reader.reply().goodbye();
    if (!line) return std::move(line).error();
    if (state == ReplyReader::State::complete) return reader.reply();
    return Error::later(Errc::corrupt,
                        fmt::format("not an SMTP reply: \"{}\"", utf8::printable(*line, 80)));
  }
}

}  // namespace paraph::delivery
