# shellcheck shell=bash
# Compressed, then signed, then encrypted.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers enveloped-data multipart/signed compressed-data
# expect inside_encryption true
# witness decrypt
text | compressed | clear_signed alice | encrypted aes-256-cbc list | post
