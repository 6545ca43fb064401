# shellcheck shell=bash
# Opaque signature, then encrypted.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers enveloped-data signed-data
# expect encrypted true
# expect opened true
# expect inside_encryption true
# witness decrypt
text | opaque_signed alice | encrypted aes-256-cbc list | post
