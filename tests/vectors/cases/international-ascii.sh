# shellcheck shell=bash
# An ASCII address has no place in a SmtpUTF8Mailbox (RFC 9598 §3).
# expect status valid
# expect auth_method smtp
# expect reasons no_address_in_certificate
# expect layers multipart/signed
# witness verify
text | clear_signed international-ascii | post
