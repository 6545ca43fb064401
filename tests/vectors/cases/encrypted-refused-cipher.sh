# shellcheck shell=bash
# For us, with a cipher we refuse: not somebody else's mail.
# expect status none
# expect auth_method smtp
# expect reasons decryption_failed
# expect layers enveloped-data
# expect encrypted true
# witness decrypt
text | raw_encryption camellia-256-cbc list | cms_entity enveloped-data | post
