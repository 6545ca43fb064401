# shellcheck shell=bash
# A line over 998 octets in the signed part.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: text/plain\r\n\r\n'; printf '%01000d\r\n' 0; } | clear_signed alice | post
