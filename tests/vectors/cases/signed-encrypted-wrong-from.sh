# shellcheck shell=bash
# Signed by Alice inside, From Bob outside.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers enveloped-data multipart/signed
# expect inside_encryption true
# witness decrypt
text | clear_signed alice | encrypted aes-256-cbc list | post bob@example.org
