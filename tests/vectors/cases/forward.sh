# shellcheck shell=bash
# A signed forward of somebody else's message.
# expect status valid
# expect auth_method smtp
# expect reasons forwarded_message
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: message/rfc822\r\n\r\n'; header bob@example.org; text; } | clear_signed alice | post
