# shellcheck shell=bash
# A bare CR in the header: for some readers it ends the line, and what follows is another field.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers multipart/signed
# witness verify
{ printf 'X-Note: b\rContent-Type: text/html\r\n'; text | clear_signed alice; } | post
