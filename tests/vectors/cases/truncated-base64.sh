# shellcheck shell=bash
# The base64 text ends in the middle of a group.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# witness no-decrypt
text | encrypted aes-256-cbc list | post > "$TMP/whole"
head -c 901 "$TMP/whole"
