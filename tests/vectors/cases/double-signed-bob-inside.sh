# shellcheck shell=bash
# The inner signer is no sender.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers multipart/signed multipart/signed
# witness verify
text | clear_signed alice | clear_signed bob | post
