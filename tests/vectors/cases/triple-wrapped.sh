# shellcheck shell=bash
# Signed, encrypted, signed (RFC 2634): the inner signature counts.
# expect status valid
# expect auth_method smime
# expect reasons signs_ciphertext
# expect layers multipart/signed enveloped-data multipart/signed
# expect encrypted true
# expect inside_encryption true
# witness verify
text | clear_signed alice | encrypted aes-256-cbc list | clear_signed alice | post
