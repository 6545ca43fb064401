# shellcheck shell=bash
# The author's own message in message/rfc822, to protect its header.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: message/rfc822\r\n\r\n'; header alice@example.org; text; } | clear_signed alice | post
