# shellcheck shell=bash
# application/octet-stream named .p7m.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
text | raw_encryption aes-256-cbc list | cms_entity enveloped-data application/octet-stream | post
