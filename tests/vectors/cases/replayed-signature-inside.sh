# shellcheck shell=bash
# The same signed text once more, encrypted anew by somebody who could read it.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers enveloped-data multipart/signed
# expect inside_encryption true
# earlier here
# daemon smtp replayed_signature
# witness decrypt
text | clear_signed alice > "$TMP/signed"
encrypted aes-256-cbc list < "$TMP/signed" | post > "$EARLIER"
encrypted aes-256-cbc list < "$TMP/signed" | post
