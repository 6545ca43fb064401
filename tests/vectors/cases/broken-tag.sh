# shellcheck shell=bash
# The GCM tag changed.
# expect status none
# expect auth_method smtp
# expect reasons decryption_failed
# expect layers authenveloped-data
# expect encrypted true
# expect opened false
# witness no-decrypt
text | raw_encryption aes-256-gcm list > "$TMP/der"
{ head -c -4 "$TMP/der"; printf '\252\252\252\252'; } | cms_entity authEnveloped-data | post
