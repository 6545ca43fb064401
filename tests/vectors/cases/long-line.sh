# shellcheck shell=bash
# A line over 998 octets in the signed part, which no MTA need carry; as base64 it travels.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers multipart/signed
# witness verify
# opaque expect status valid
# opaque expect auth_method smime
# opaque expect reasons
# encrypted expect status valid
# encrypted expect auth_method smime
# encrypted expect reasons
{ printf 'Content-Type: text/plain\r\n\r\n'; printf '%01000d\r\n' 0; } | clear_signed alice | post
