# shellcheck shell=bash
# application/x-pkcs7-mime.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
# witness decrypt
text | raw_encryption aes-256-cbc list | cms_entity enveloped-data application/x-pkcs7-mime | post
