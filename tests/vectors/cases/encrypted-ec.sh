# shellcheck shell=bash
# For an EC key.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# key list-ec
# expect encrypted true
# expect opened true
# expect cipher AES-256-CBC
# witness decrypt
text | encrypted aes-256-cbc list-ec | post
