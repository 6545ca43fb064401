# shellcheck shell=bash
# The ciphertext ends early.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# witness no-decrypt
text | raw_encryption aes-256-cbc list > "$TMP/whole"
head -c 420 "$TMP/whole" | cms_entity enveloped-data | post
