# shellcheck shell=bash
# Encrypted under a key-encryption key (RFC 5652 §6.2.3).
# expect status none
# expect auth_method smtp
# expect reasons not_for_us
# expect layers enveloped-data
# expect encrypted true
# witness no-decrypt
text | openssl cms -encrypt -binary -aes-256-cbc -outform DER -secretkey 000102030405060708090A0B0C0D0E0F -secretkeyid 01 | cms_entity enveloped-data | post
