# shellcheck shell=bash
# The signed text was seen on another list, and its signature does not say that both were meant.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# earlier elsewhere
# daemon smtp cross_posted_signature
# witness verify
text | clear_signed alice > "$TMP/signed"
post < "$TMP/signed" > "$EARLIER"
post < "$TMP/signed"
