# shellcheck shell=bash
# A bare text without a header comes out: no MIME entity either, but the key did open it.
# expect status none
# expect auth_method smtp
# expect reasons decryption_failed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
# witness decrypt
printf 'just a word\r\n' | raw_encryption aes-256-cbc list | cms_entity enveloped-data | post
