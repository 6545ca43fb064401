# shellcheck shell=bash
# AES-128.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
# expect cipher AES-128-CBC
# witness decrypt
text | encrypted aes-128-cbc list | post
