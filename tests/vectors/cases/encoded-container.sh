# shellcheck shell=bash
# multipart/signed under base64: forbidden (RFC 2045 §6.4), and read in two ways.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# opaque none
{ printf 'Content-Transfer-Encoding: base64\r\n'; text | clear_signed alice; } | post
