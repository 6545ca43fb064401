# shellcheck shell=bash
# Two Content-Type fields on the signed message.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: text/plain\r\n'; text; } | clear_signed alice | post
