# shellcheck shell=bash
# Encrypted only; the header inside names another sender (RFC 9788).
# expect status none
# expect auth_method smtp
# expect reasons not_signed protected_sender_differs
# expect layers enveloped-data
# witness decrypt
{ printf 'From: bob@example.org\r\n'; text | sed 's/utf-8/utf-8; hp="cipher"/'; } | encrypted aes-256-cbc list | post
