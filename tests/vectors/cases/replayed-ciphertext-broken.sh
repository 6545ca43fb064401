# shellcheck shell=bash
# The same with the ciphertext changed on its way: the answer must not depend on whether it opens (attack A37).
# expect status none
# expect auth_method smtp
# expect reasons decryption_failed
# expect layers authenveloped-data
# expect opened false
# earlier here
# daemon smtp replayed_ciphertext
# witness no-decrypt
text | raw_encryption aes-256-gcm list > "$TMP/der"
cms_entity authEnveloped-data < "$TMP/der" | post 'Bob Example <bob@example.org>' > "$EARLIER"
last=$(tail -c 1 "$TMP/der" | od -An -tu1)
{ head -c -1 "$TMP/der"; printf "\\$(printf %03o $(((last + 1) % 256)))"; } > "$TMP/cut"
cms_entity authEnveloped-data < "$TMP/cut" | post
