# shellcheck shell=bash
# For three recipients, one of them ours.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
# expect cipher AES-256-CBC
# witness decrypt
text | encrypted aes-256-cbc other list bob | post
