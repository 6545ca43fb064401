#include "delivery/transaction.h"

#include <fmt/core.h>

namespace paraph::delivery {

Letter write_letter(std::string_view reverse_path, const Content& message) {
  // A line that the front leaves open would go on in the tail.
  const bool separate =
      message.tail_is_wire_form && !message.front.empty() && message.front.back() == '\n';
  Letter out{std::string(reverse_path), {}, {}, 0, has_eight_bit(message.front)};
  if (separate) {
    out.front = wire_form(message.front);
    out.tail = message.tail;
  } else if (message.tail.empty()) {
    out.front = wire_form(message.front);
  } else {
    out.front = wire_form(std::string(message.front).append(message.tail));
    out.eight_bit = out.eight_bit || has_eight_bit(message.tail);
  }
  out.octets = out.front.size() + out.tail.size();
  return out;
}

void Transaction::settle(Delivery outcome, const std::string& reply) {
  for (auto* status : pending_) {
    status->outcome = outcome;
    status->reply = reply;
  }
  pending_.clear();
}

Result<void> Transaction::run() {
  if (refused_by_capabilities()) return {};
  auto begun = begin();
  if (!begun) return std::move(begun).error();
  if (!*begun) return {};
  if (auto named = name_recipients(); !named) return named;
  auto wanted = pending_.empty() ? Result<bool>(false) : announce_data();
  if (!wanted) return std::move(wanted).error();
  if (*wanted) {
    transfer();
  } else if (!session_.command("RSET")) {  // else the next MAIL would be nested
    session_.abandon();
  }
  return {};
}

bool Transaction::refused_by_capabilities() {
  const auto& offered = session_.capabilities();
  if (letter_.eight_bit && !offered.eight_bit_mime)  // security rule 43: never converted
    settle(Delivery::failed,
           "the message has 8-bit octets and the server does not offer 8BITMIME (RFC 6152)");
  else if (offered.max_size && letter_.octets > *offered.max_size)
    settle(Delivery::failed,
           fmt::format("the message has {} octets, the server takes {} (RFC 1870)", letter_.octets,
                       *offered.max_size));
  return pending_.empty();
}

Result<Reply> Transaction::ask(std::string_view line) {
  auto reply = session_.command(line);
  dismissed_ = stage_ == Stage::mail && reply && reply->goodbye();
  if (reply && reply->goodbye())
    return Error::later(Errc::busy, fmt::format("the server says \"{}\"", reply->str()));
  return reply;
}

// False: refused, and everybody has been told.
Result<bool> Transaction::begin() {
  std::string line = fmt::format("MAIL FROM:<{}>", letter_.reverse_path);
  if (session_.capabilities().size) line += fmt::format(" SIZE={}", letter_.octets);
  if (letter_.eight_bit) line += " BODY=8BITMIME";
  auto reply = ask(line);
  if (!reply) return std::move(reply).error().in("MAIL");
  if (!reply->positive()) settle(outcome_of(*reply), reply->str());
  return !pending_.empty();
}

Result<void> Transaction::name_recipients() {
  stage_ = Stage::rcpt;
  std::vector<DeliveryStatus*> accepted;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    auto reply = ask(fmt::format("RCPT TO:<{}>", pending_[i]->recipient));
    if (!reply) {  // those accepted have no answer any more either
      accepted.insert(accepted.end(), pending_.begin() + static_cast<std::ptrdiff_t>(i),
                      pending_.end());
      pending_ = std::move(accepted);
      return std::move(reply).error().in("RCPT");
    }
    if (reply->positive()) {
      accepted.push_back(pending_[i]);
    } else {
      pending_[i]->outcome = outcome_of(*reply);
      pending_[i]->reply = reply->str();
    }
  }
  pending_ = std::move(accepted);
  return {};
}

// False: refused, and everybody has been told.
Result<bool> Transaction::announce_data() {
  stage_ = Stage::data;
  auto reply = ask("DATA");
  if (!reply) return std::move(reply).error().in("DATA");
  if (reply->code == 354) return true;
  if (reply->code / 100 < 4) {
    session_.abandon();
    return Error::later(Errc::corrupt, fmt::format("DATA: unexpected reply \"{}\"", reply->str()));
  }
  settle(outcome_of(*reply), reply->str());
  return false;
}

void Transaction::transfer() {
  stage_ = Stage::over;
  // A send that fails has not handed over the final dot: nobody has this message.
  const auto sent = session_.send({letter_.front, letter_.tail, ".\r\n"});
  if (sent) return read_answers();
  settle(Delivery::deferred, fmt::format("while sending the message: {}", sent.error().what()));
}

// SMTP answers once for all, LMTP once for each accepted recipient (RFC 2033 §4.2).
void Transaction::read_answers() {
  while (!pending_.empty()) {
    const auto reply = session_.reply_after_dot();
    if (!reply || reply->code / 100 == 3) {
      session_.abandon();
      return settle(Delivery::deferred, "in doubt: no answer after the end of the message: " +
                                            (reply ? reply->str() : reply.error().what()));
    }
    if (protocol_ == Protocol::smtp) return settle(outcome_of(*reply), reply->str());
    pending_.front()->outcome = outcome_of(*reply);
    pending_.front()->reply = reply->str();
    pending_.erase(pending_.begin());
  }
}

}  // namespace paraph::delivery
