# shellcheck shell=bash
# The daemon finds the key of its list locked, and the post waits.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
# key locked
# daemon waits key_unavailable
# witness decrypt
text | encrypted aes-256-cbc locked | post
