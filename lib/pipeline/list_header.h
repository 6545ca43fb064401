#pragma once

#include <string>
#include <string_view>

#include "config/site.h"
#include "mail/entity.h"
#include "mail/raw_message.h"

/// The header fields that make a post a list's (RFC 2369, RFC 2919), added outside; every octet of the body and of the
/// fields that are not named here stays as it came.
namespace paraph::pipeline {

/// "\r\n" when the message's first line ends so, else "\n": what added fields are written with.
[[nodiscard]] std::string_view line_end(const mail::MimeTree& message);

/// The post with its list's fields: those of the list are added, forged or superseded ones (List-*, internal fields,
/// `remove_headers`, Return-Path, Sender, Authentication-Results in the name of one of our domains) removed.
[[nodiscard]] mail::RawMessage with_list_header(const mail::MimeTree& message,
                                                const config::ListConfig& config,
                                                const config::Site& site);

/// The same header for a copy that is sealed: without MIME-Version and Content-*, LF line ends. Nothing in it comes from
/// a decrypted layer.
[[nodiscard]] std::string sealed_list_header(const mail::MimeTree& message,
                                             const config::ListConfig& config,
                                             const config::Site& site);

/// The fields of a message but MIME-Version and Content-*, LF line ends: what stands in front of a decrypted part.
[[nodiscard]] std::string outer_fields(const mail::MimeTree& message);

/// A message to a role address: X-Loop added, our return path left to the MTA, all else as it came.
[[nodiscard]] mail::RawMessage with_loop_mark(const mail::MimeTree& message,
                                              std::string_view address);

}  // namespace paraph::pipeline
