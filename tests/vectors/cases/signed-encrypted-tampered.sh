# shellcheck shell=bash
# A changed text signed and encrypted again.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers enveloped-data multipart/signed
# expect inside_encryption true
# witness decrypt
text | clear_signed alice | replace Monday Tuesda | encrypted aes-256-cbc list | post
