# shellcheck shell=bash
# Somebody else wraps Alice's post: she stays the author.
# expect status valid
# expect auth_method smime
# expect reasons signs_ciphertext
# expect layers multipart/signed enveloped-data multipart/signed
# expect inside_encryption true
# witness verify
text | clear_signed alice | encrypted aes-256-cbc list | clear_signed bob | post
