# shellcheck shell=bash
# Signed, encrypted, signed, twice over.
# expect status valid
# expect auth_method smime
# expect reasons signs_ciphertext
# expect layers signed-data enveloped-data multipart/signed enveloped-data multipart/signed
# expect encrypted true
# expect opened true
# witness verify
text | clear_signed alice | encrypted aes-256-cbc list | clear_signed alice | encrypted aes-128-cbc list | opaque_signed alice | post
