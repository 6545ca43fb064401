# shellcheck shell=bash
# The same, opaque.
# expect status none
# expect auth_method smtp
# expect reasons signs_ciphertext
# expect layers signed-data authenveloped-data
# expect encrypted true
# witness verify
text | encrypted aes-256-gcm list | opaque_signed alice | post
