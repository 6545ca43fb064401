# shellcheck shell=bash
# A signature around what is not for us.
# expect status none
# expect auth_method smtp
# expect reasons not_for_us signs_ciphertext
# expect layers multipart/signed enveloped-data
# expect encrypted true
# witness verify
text | encrypted aes-256-cbc other | clear_signed alice | post
