# shellcheck shell=bash
# Signed, then encrypted.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers enveloped-data multipart/signed
# expect encrypted true
# expect opened true
# expect inside_encryption true
# expect cipher AES-256-CBC
# witness decrypt
text | clear_signed alice | encrypted aes-256-cbc list | post
