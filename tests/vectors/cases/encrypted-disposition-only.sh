# shellcheck shell=bash
# The same around an encryption.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
text | encrypted aes-256-cbc list | sed 's,^Content-Type: .*,Content-Type: application/octet-stream\r,' | post
