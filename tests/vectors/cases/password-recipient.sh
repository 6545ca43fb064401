# shellcheck shell=bash
# Encrypted under a password (RFC 5652 §6.2.4) and to nobody of ours.
# expect status none
# expect auth_method smtp
# expect reasons not_for_us
# expect layers enveloped-data
# expect encrypted true
# witness no-decrypt
text | openssl cms -encrypt -binary -aes-256-cbc -outform DER -pwri_password secret | cms_entity enveloped-data | post
