# shellcheck shell=bash
# What comes out is no MIME entity (security rule 13).
# expect status none
# expect auth_method smtp
# expect reasons decryption_failed
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# witness decrypt
openssl rand 400 | raw_encryption aes-256-cbc list | cms_entity enveloped-data | post
