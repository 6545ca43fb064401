#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delivery/session.h"

namespace paraph::delivery {

/// One message on its way, for those recipients that no local check has refused.
struct Letter {
  std::string reverse_path;
  std::string front;       ///< wire_form() of the whole message, or of what stands before `tail`
  std::string_view tail;   ///< in that form already; the caller's
  std::size_t octets = 0;  ///< SIZE (RFC 1870): of both
  bool eight_bit = false;
};
/// Puts a message into its wire form; a tail that has it is left where it is.
[[nodiscard]] Letter write_letter(std::string_view reverse_path, const Content& message);

/// Private to `delivery`: one mail transaction (RFC 5321 §3.3) on an open session.
class Transaction {
 public:
  enum class Stage : unsigned char { mail, rcpt, data, over };

  /// `statuses` of those recipients that are to be served; all others are left alone.
  Transaction(Session& session, Protocol protocol, const Letter& letter,
              std::vector<DeliveryStatus*> statuses)
      : session_(session), protocol_(protocol), letter_(letter), pending_(std::move(statuses)) {}

  /// An Error: the session is gone and nobody has been served, though some may have been refused.
  [[nodiscard]] Result<void> run();
  [[nodiscard]] Stage stage() const { return stage_; }
  /// 421 was the answer to MAIL.
  [[nodiscard]] bool dismissed() const { return dismissed_; }
  /// Gives every recipient without an answer this one.
  void settle(Delivery outcome, const std::string& reply);

 private:
  [[nodiscard]] bool refused_by_capabilities();
  [[nodiscard]] Result<Reply> ask(std::string_view line);
  [[nodiscard]] Result<bool> begin();
  [[nodiscard]] Result<void> name_recipients();
  [[nodiscard]] Result<bool> announce_data();
  void transfer();
  void read_answers();

  Session& session_;
  Protocol protocol_;
  const Letter& letter_;
  std::vector<DeliveryStatus*> pending_;
  Stage stage_ = Stage::mail;
  bool dismissed_ = false;
};

}  // namespace paraph::delivery
