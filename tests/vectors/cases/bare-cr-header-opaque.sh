# shellcheck shell=bash
# The same around an opaque signature.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers signed-data
# witness verify
{ printf 'X-Note: b\rContent-Type: text/html\r\n'; text | opaque_signed alice; } | post
