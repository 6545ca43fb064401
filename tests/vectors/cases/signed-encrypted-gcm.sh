# shellcheck shell=bash
# Signed, then encrypted with GCM for an EC key.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers authenveloped-data multipart/signed
# key list-ec
# expect encrypted true
# expect opened true
# expect inside_encryption true
# expect cipher AES-256-GCM
# witness decrypt
text | clear_signed alice-ec | encrypted aes-256-gcm list-ec | post
