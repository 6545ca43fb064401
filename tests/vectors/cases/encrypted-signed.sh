# shellcheck shell=bash
# Encrypted, then signed: says nothing about the text.
# expect status none
# expect auth_method smtp
# expect reasons signs_ciphertext
# expect layers multipart/signed enveloped-data
# expect encrypted true
# witness verify
text | encrypted aes-256-cbc list | clear_signed alice | post
