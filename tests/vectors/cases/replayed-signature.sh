# shellcheck shell=bash
# The same signed text once more, under another Message-ID.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# earlier here
# daemon smtp replayed_signature
# witness verify
text | clear_signed alice > "$TMP/signed"
post < "$TMP/signed" > "$EARLIER"
post < "$TMP/signed"
