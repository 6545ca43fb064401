# shellcheck shell=bash
# No key at hand.
# expect status none
# expect auth_method smtp
# expect reasons not_for_us
# expect layers enveloped-data
# key none
# expect encrypted true
# expect opened false
text | encrypted aes-256-cbc list | post
