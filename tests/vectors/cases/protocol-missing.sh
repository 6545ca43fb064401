# shellcheck shell=bash
# multipart/signed without its protocol.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# opaque none
# witness verify
text | clear_signed alice | sed 's/ protocol="[^"]*";//' | post
