# shellcheck shell=bash
# Encrypted twice around a signature.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers authenveloped-data enveloped-data multipart/signed
# expect encrypted true
# expect inside_encryption true
# witness decrypt
text | clear_signed alice | encrypted aes-256-cbc list | encrypted aes-256-gcm list | post
