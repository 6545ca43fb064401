# shellcheck shell=bash
# Somebody else's ciphertext in a message of one's own (attack A1).
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect opened true
# earlier here
# daemon smtp replayed_ciphertext
# witness decrypt
text | encrypted aes-256-cbc list > "$TMP/sealed"
post 'Bob Example <bob@example.org>' < "$TMP/sealed" > "$EARLIER"
post < "$TMP/sealed"
