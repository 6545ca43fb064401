# shellcheck shell=bash
# Garbage that is said to be encrypted.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# witness no-decrypt
openssl rand 700 | cms_entity enveloped-data | post
