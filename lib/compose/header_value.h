#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ports.h"
#include "base/result.h"

/// Private to `compose`: the only road by which text becomes a header field of ours.
namespace paraph::compose {

/// The body of a header field: printable ASCII, spaces and nothing else, so that no CR, LF, NUL or
/// octet above 0x7e can reach a header whatever went in.
class HeaderValue {
 public:
  /// Text for people (Subject): controls, invalid UTF-8 and bidirectional marks are escaped
  /// (security rule 44), then RFC 2047 words are made where needed. Encoded words that already
  /// stand in ASCII text stay.
  [[nodiscard]] static HeaderValue text(std::string_view utf8);
  /// Text of which only ASCII is allowed and that no RFC 2047 word may replace (RFC 3464
  /// addresses).
  [[nodiscard]] static HeaderValue ascii(std::string_view text);
  /// A value whose syntax matters and is already final. An Error when it holds anything but
  /// printable ASCII and spaces.
  [[nodiscard]] static Result<HeaderValue> structured(std::string_view value);
  /// `name <address>` (RFC 5322 §3.4); an Error when `address` is none or needs SMTPUTF8.
  [[nodiscard]] static Result<HeaderValue> mailbox(std::string_view name, std::string_view address);
  /// `<id>`, or an Error when it could not stand between angle brackets.
  [[nodiscard]] static Result<HeaderValue> message_id(std::string_view id);
  [[nodiscard]] static HeaderValue date(TimePoint at);

  [[nodiscard]] const std::string& str() const { return value_; }
  /// With LF folds so that `name: value` keeps to lines of 76 where a space allows it, and below
  /// 998 in any case (RFC 5322 §2.1.1). Unfolding gives str() back.
  [[nodiscard]] std::string folded(std::string_view name) const;
  /// Puts `prefix` (ours, ASCII) in front: "rfc822; ".
  [[nodiscard]] HeaderValue after(std::string_view prefix) const;

 private:
  explicit HeaderValue(std::string value) : value_(std::move(value)) {}
  std::string value_;
};

struct Field {
  std::string name;
  HeaderValue value;
};
using Fields = std::vector<Field>;

/// RFC 5322 §2.2 field name, at most 76 octets.
[[nodiscard]] bool is_field_name(std::string_view name);
/// "Name: folded value" lines with LF: the body of a message/delivery-status part.
[[nodiscard]] std::string print(const Fields& fields);

}  // namespace paraph::compose
