#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/courier.h"

/// Private to `delivery`: what SMTP (RFC 5321) and LMTP (RFC 2033) put on the wire, as pure
/// functions.
namespace paraph::delivery {

/// Why an address must not reach a wire or an argv, or nullptr: control characters, blanks or angle
/// brackets could end the command that carries it (SMTP injection), no `@` or more than 320 octets
/// make it no address. An empty `reverse_path` is the null sender and fine.
[[nodiscard]] const char* recipient_fault(std::string_view address);
[[nodiscard]] const char* reverse_path_fault(std::string_view address);

[[nodiscard]] bool has_eight_bit(std::string_view octets);

/// The message as DATA wants it (RFC 5321 §4.5.2): CRLF line ends, dots doubled at line starts, an
/// end to the last line, without the final dot. RFC 5321 §2.3.8 forbids a bare CR there, and some
/// receivers take it for a line end (smuggling): it becomes a space.
[[nodiscard]] std::string wire_form(std::string_view message);

/// One reply (RFC 5321 §4.2): the code, and the texts of its lines joined by spaces.
struct Reply {
  int code = 0;
  std::string text;
  std::string full;  ///< all lines' texts separated by LF: the keywords after EHLO

  [[nodiscard]] bool positive() const { return code / 100 == 2; }
  /// 421 is the server's goodbye, whatever was asked (RFC 5321 §3.8).
  [[nodiscard]] bool goodbye() const { return code == 421; }
  /// "250 2.0.0 Ok: queued as 4XkQ2", printable, at most 500 octets.
  [[nodiscard]] std::string str() const;
};

/// Puts reply lines together.
class ReplyReader {
 public:
  enum class State : unsigned char { more, complete, garbage };
  /// One line without its end. `garbage`: no reply line, another code than the line before, or
  /// more than 100 lines.
  [[nodiscard]] State take(std::string_view line);
  [[nodiscard]] const Reply& reply() const { return reply_; }

 private:
  Reply reply_;
  std::size_t lines_ = 0;
};

/// What a reply to MAIL, RCPT, DATA or the dot means for a recipient.
[[nodiscard]] Delivery outcome_of(const Reply& reply);

/// What EHLO offered (RFC 5321 §4.1.1.1).
struct Capabilities {
  bool eight_bit_mime = false;          ///< RFC 6152
  bool size = false;                    ///< RFC 1870
  std::optional<std::size_t> max_size;  ///< a limit other than 0
};
[[nodiscard]] Capabilities parse_capabilities(const Reply& reply);

/// Where a transport URL points.
struct Endpoint {
  std::string host;  ///< name or literal address without brackets; empty for a socket file
  std::string port;
  std::string path;  ///< of a Unix socket
  [[nodiscard]] std::string str() const;
};
/// `host`, `host:port`, `[v6]`, `[v6]:port`, perhaps with a final slash; nullopt for anything else.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view authority,
                                                     std::string_view default_port);
/// A host name or address literal such as EHLO and file names carry: letters, digits, `.-_:[]`.
[[nodiscard]] bool is_host_name(std::string_view name);

}  // namespace paraph::delivery
